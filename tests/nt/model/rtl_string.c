/* SPDX-License-Identifier: BSD-2-Clause */
/* Counted and terminated strings, and their formatting. */
#include "model/fault.h"
#include "model/machine.h"
#include "model/print.h"

RULE(unicode_valid,
     "A UNICODE_STRING's length is even, within its maximum, and its buffer is there",
     "UNICODE_STRING structure (ntdef.h)");

enum { STRING_TAG = 'S' | 't' << 8 | 'r' << 16 | 'g' << 24 };

static void check(const UNICODE_STRING *string)
{
    if (string->Length % 2 || string->Length > string->MaximumLength ||
        (string->Length && !string->Buffer))
        rule_broken(&unicode_valid, "length %u, maximum %u, buffer %p", string->Length,
                    string->MaximumLength, string->Buffer);
}

/* --- Terminated 16-bit text (the prefix header gives the C library's names these) --- */

size_t nt_wcslen(const WCHAR *text)
{
    size_t length = 0;

    while (text[length])
        length++;
    return length;
}

size_t nt_wcsnlen(const WCHAR *text, size_t max)
{
    size_t length = 0;

    while (length < max && text[length])
        length++;
    return length;
}

int nt_wcsncmp(const WCHAR *a, const WCHAR *b, size_t n)
{
    for (; n; a++, b++, n--) {
        if (*a != *b)
            return *a < *b ? -1 : 1;
        if (!*a)
            break;
    }
    return 0;
}

int nt_wcscmp(const WCHAR *a, const WCHAR *b)
{
    return nt_wcsncmp(a, b, (size_t)-1);
}

WCHAR *nt_wcscpy(WCHAR *out, const WCHAR *text)
{
    memcpy(out, text, (nt_wcslen(text) + 1) * sizeof(WCHAR));
    return out;
}

WCHAR *nt_wcsncpy(WCHAR *out, const WCHAR *text, size_t n)
{
    size_t i = 0;

    for (; i < n && text[i]; i++)
        out[i] = text[i];
    for (; i < n; i++)
        out[i] = 0;
    return out;
}

WCHAR *nt_wcscat(WCHAR *out, const WCHAR *text)
{
    nt_wcscpy(out + nt_wcslen(out), text);
    return out;
}

WCHAR *nt_wcschr(const WCHAR *text, WCHAR c)
{
    for (;; text++) {
        if (*text == c)
            return (WCHAR *)(ULONG_PTR)text;
        if (!*text)
            return NULL;
    }
}

WCHAR *nt_wcsrchr(const WCHAR *text, WCHAR c)
{
    const WCHAR *found = NULL;

    for (;; text++) {
        if (*text == c)
            found = text;
        if (!*text)
            return (WCHAR *)(ULONG_PTR)found;
    }
}

WCHAR *nt_wcsstr(const WCHAR *text, const WCHAR *part)
{
    size_t length = nt_wcslen(part);

    for (; *text; text++)
        if (nt_wcsncmp(text, part, length) == 0)
            return (WCHAR *)(ULONG_PTR)text;
    return length ? NULL : (WCHAR *)(ULONG_PTR)text;
}

/* --- Formatting: as the C library of Windows, -1 when the text does not fit with its end. --- */

int _vsnprintf(char *out, size_t size, const char *format, va_list arguments)
{
    char *copy;
    va_list again;
    size_t needed;

    va_copy(again, arguments);
    needed = print_format(NULL, 0, format, again);
    va_end(again);
    if (needed < size) {
        print_format(out, size, format, arguments);
        return (int)needed;
    }
    copy = host_alloc(needed + 1);
    print_format(copy, needed + 1, format, arguments);
    memcpy(out, copy, size);
    host_free(copy);
    return needed == size ? (int)needed : -1;
}

int _snprintf(char *out, size_t size, const char *format, ...)
{
    va_list arguments;
    int result;

    va_start(arguments, format);
    result = _vsnprintf(out, size, format, arguments);
    va_end(arguments);
    return result;
}

int _vsnwprintf(WCHAR *out, size_t size, const WCHAR *format, va_list arguments)
{
    WCHAR *copy;
    va_list again;
    size_t needed;

    va_copy(again, arguments);
    needed = print_format_wide(NULL, 0, (const unsigned short *)format, again);
    va_end(again);
    copy = host_alloc((needed + 1) * sizeof(WCHAR));
    print_format_wide((unsigned short *)copy, needed + 1, (const unsigned short *)format,
                      arguments);
    memcpy(out, copy, min(needed + 1, size) * sizeof(WCHAR));
    host_free(copy);
    return needed <= size ? (int)needed : -1;
}

int _snwprintf(WCHAR *out, size_t size, const WCHAR *format, ...)
{
    va_list arguments;
    int result;

    va_start(arguments, format);
    result = _vsnwprintf(out, size, format, arguments);
    va_end(arguments);
    return result;
}

/* --- Counted strings --- */

VOID NTAPI RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    size_t bytes = SourceString ? nt_wcslen(SourceString) * sizeof(WCHAR) : 0;

    bytes = min(bytes, (size_t)0xfffc);
    DestinationString->Buffer = (PWSTR)(ULONG_PTR)SourceString;
    DestinationString->Length = (USHORT)bytes;
    DestinationString->MaximumLength = SourceString ? (USHORT)(bytes + sizeof(WCHAR)) : 0;
}

VOID NTAPI RtlInitAnsiString(PANSI_STRING DestinationString, PCSZ SourceString)
{
    size_t bytes = SourceString ? strlen(SourceString) : 0;

    DestinationString->Buffer = (PCHAR)(ULONG_PTR)SourceString;
    DestinationString->Length = (USHORT)min(bytes, (size_t)0xfffe);
    DestinationString->MaximumLength = SourceString ? DestinationString->Length + 1 : 0;
}

VOID NTAPI RtlInitString(PSTRING DestinationString, PCSZ SourceString)
{
    RtlInitAnsiString(DestinationString, SourceString);
}

VOID NTAPI RtlCopyUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString)
{
    MODEL_CHECK(RtlCopyUnicodeString, PASSIVE_LEVEL, DISPATCH_LEVEL,
                "RtlCopyUnicodeString function (wdm.h)");
    if (!SourceString) {
        DestinationString->Length = 0;
        return;
    }
    check(SourceString);
    DestinationString->Length = min(SourceString->Length, DestinationString->MaximumLength);
    memmove(DestinationString->Buffer, SourceString->Buffer, DestinationString->Length);
    if ((size_t)DestinationString->Length + sizeof(WCHAR) <= DestinationString->MaximumLength)
        DestinationString->Buffer[DestinationString->Length / sizeof(WCHAR)] = 0;
}

NTSTATUS NTAPI RtlAppendUnicodeStringToString(PUNICODE_STRING Destination, PCUNICODE_STRING Source)
{
    MODEL_CHECK(RtlAppendUnicodeStringToString, PASSIVE_LEVEL, DISPATCH_LEVEL,
                "RtlAppendUnicodeStringToString function (wdm.h)");
    check(Destination);
    check(Source);
    if (Destination->Length + Source->Length > Destination->MaximumLength)
        return STATUS_BUFFER_TOO_SMALL;
    memmove((char *)Destination->Buffer + Destination->Length, Source->Buffer, Source->Length);
    Destination->Length += Source->Length;
    if ((size_t)Destination->Length + sizeof(WCHAR) <= Destination->MaximumLength)
        Destination->Buffer[Destination->Length / sizeof(WCHAR)] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source)
{
    UNICODE_STRING source;

    RtlInitUnicodeString(&source, Source);
    return RtlAppendUnicodeStringToString(Destination, &source);
}

static WCHAR upcase(WCHAR c)
{
    return (c >= 'a' && c <= 'z') || (c >= 0xe0 && c <= 0xfe && c != 0xf7) ? c - 0x20 : c;
}

WCHAR NTAPI RtlUpcaseUnicodeChar(WCHAR SourceCharacter)
{
    return upcase(SourceCharacter);
}

WCHAR NTAPI RtlDowncaseUnicodeChar(WCHAR c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) ? c + 0x20 : c;
}

CHAR NTAPI RtlUpperChar(CHAR Character)
{
    return Character >= 'a' && Character <= 'z' ? (CHAR)(Character - 0x20) : Character;
}

static LONG compare(const WCHAR *a, size_t a_count, const WCHAR *b, size_t b_count, BOOLEAN blind)
{
    for (size_t i = 0; i < a_count && i < b_count; i++) {
        WCHAR left = blind ? upcase(a[i]) : a[i], right = blind ? upcase(b[i]) : b[i];

        if (left != right)
            return (LONG)left - (LONG)right;
    }
    return (LONG)a_count - (LONG)b_count;
}

LONG NTAPI RtlCompareUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                   BOOLEAN CaseInSensitive)
{
    MODEL_CHECK(RtlCompareUnicodeString, PASSIVE_LEVEL, PASSIVE_LEVEL,
                "RtlCompareUnicodeString function (wdm.h)");
    check(String1);
    check(String2);
    return compare(String1->Buffer, String1->Length / sizeof(WCHAR), String2->Buffer,
                   String2->Length / sizeof(WCHAR), CaseInSensitive);
}

BOOLEAN NTAPI RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                    BOOLEAN CaseInSensitive)
{
    MODEL_CHECK(RtlEqualUnicodeString, PASSIVE_LEVEL, PASSIVE_LEVEL,
                "RtlEqualUnicodeString function (wdm.h)");
    return RtlCompareUnicodeString(String1, String2, CaseInSensitive) == 0;
}

BOOLEAN NTAPI RtlPrefixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                     BOOLEAN CaseInSensitive)
{
    MODEL_CHECK(RtlPrefixUnicodeString, PASSIVE_LEVEL, PASSIVE_LEVEL,
                "RtlPrefixUnicodeString function (ntddk.h)");
    return String1->Length <= String2->Length &&
           compare(String1->Buffer, String1->Length / sizeof(WCHAR), String2->Buffer,
                   String1->Length / sizeof(WCHAR), CaseInSensitive) == 0;
}

NTSTATUS NTAPI RtlAnsiStringToUnicodeString(PUNICODE_STRING DestinationString,
                                            PCANSI_STRING SourceString,
                                            BOOLEAN AllocateDestinationString)
{
    size_t bytes = (size_t)SourceString->Length * sizeof(WCHAR);

    MODEL_CALL(RtlAnsiStringToUnicodeString, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "RtlAnsiStringToUnicodeString function (wdm.h)");
    if (bytes + sizeof(WCHAR) > 0xfffe)
        return STATUS_INVALID_PARAMETER_2;
    if (AllocateDestinationString) {
        if (fault_here("string"))
            return STATUS_NO_MEMORY;
        DestinationString->Buffer = pool_allocate(bytes + sizeof(WCHAR), STRING_TAG, true, false);
        if (!DestinationString->Buffer)
            return STATUS_NO_MEMORY;
        DestinationString->MaximumLength = (USHORT)(bytes + sizeof(WCHAR));
    } else if (bytes + sizeof(WCHAR) > DestinationString->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    DestinationString->Length = (USHORT)bytes;
    for (size_t i = 0; i < SourceString->Length; i++)
        DestinationString->Buffer[i] = (UCHAR)SourceString->Buffer[i];
    DestinationString->Buffer[SourceString->Length] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeStringToAnsiString(PANSI_STRING DestinationString,
                                            PCUNICODE_STRING SourceString,
                                            BOOLEAN AllocateDestinationString)
{
    size_t count = SourceString->Length / sizeof(WCHAR);

    MODEL_CALL(RtlUnicodeStringToAnsiString, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "RtlUnicodeStringToAnsiString function (wdm.h)");
    check(SourceString);
    if (AllocateDestinationString) {
        if (fault_here("string"))
            return STATUS_NO_MEMORY;
        DestinationString->Buffer = pool_allocate(count + 1, STRING_TAG, true, false);
        if (!DestinationString->Buffer)
            return STATUS_NO_MEMORY;
        DestinationString->MaximumLength = (USHORT)(count + 1);
    } else if (count + 1 > DestinationString->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    DestinationString->Length = (USHORT)count;
    for (size_t i = 0; i < count; i++)
        DestinationString->Buffer[i] =
            SourceString->Buffer[i] < 0x100 ? (CHAR)SourceString->Buffer[i] : '?';
    DestinationString->Buffer[count] = 0;
    return STATUS_SUCCESS;
}

VOID NTAPI RtlFreeUnicodeString(PUNICODE_STRING UnicodeString)
{
    MODEL_CALL(RtlFreeUnicodeString, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "RtlFreeUnicodeString function (wdm.h)");
    if (UnicodeString->Buffer)
        pool_release(UnicodeString->Buffer);
    memset(UnicodeString, 0, sizeof(*UnicodeString));
}

VOID NTAPI RtlFreeAnsiString(PANSI_STRING AnsiString)
{
    MODEL_CALL(RtlFreeAnsiString, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "RtlFreeAnsiString function (wdm.h)");
    if (AnsiString->Buffer)
        pool_release(AnsiString->Buffer);
    memset(AnsiString, 0, sizeof(*AnsiString));
}

NTSTATUS NTAPI RtlIntegerToUnicodeString(ULONG Value, ULONG Base, PUNICODE_STRING String)
{
    WCHAR digits[33];
    size_t count = 0;

    MODEL_CHECK(RtlIntegerToUnicodeString, PASSIVE_LEVEL, PASSIVE_LEVEL,
                "RtlIntegerToUnicodeString function (wdm.h)");
    Base = Base ? Base : 10;
    if (Base != 2 && Base != 8 && Base != 10 && Base != 16)
        return STATUS_INVALID_PARAMETER;
    do {
        digits[count++] = (WCHAR) "0123456789ABCDEF"[Value % Base];
        Value /= Base;
    } while (Value);
    if ((count + 1) * sizeof(WCHAR) > String->MaximumLength)
        return STATUS_BUFFER_OVERFLOW;
    String->Length = (USHORT)(count * sizeof(WCHAR));
    String->Buffer[count] = 0;
    for (size_t i = 0; i < count; i++)
        String->Buffer[i] = digits[count - 1 - i];
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base, PULONG Value)
{
    size_t count = String->Length / sizeof(WCHAR), i = 0;
    bool negative = false;
    ULONG value = 0;

    MODEL_CHECK(RtlUnicodeStringToInteger, PASSIVE_LEVEL, PASSIVE_LEVEL,
                "RtlUnicodeStringToInteger function (wdm.h)");
    check(String);
    while (i < count && String->Buffer[i] <= ' ')
        i++;
    if (i < count && (String->Buffer[i] == '-' || String->Buffer[i] == '+'))
        negative = String->Buffer[i++] == '-';
    if (Base == 0) {
        Base = 10;
        if (i + 1 < count && String->Buffer[i] == '0') {
            WCHAR kind = String->Buffer[i + 1];

            Base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 10;
            i += Base == 10 ? 0 : 2;
        }
    }
    if (Base != 2 && Base != 8 && Base != 10 && Base != 16)
        return STATUS_INVALID_PARAMETER;
    for (; i < count; i++) {
        WCHAR c = upcase(String->Buffer[i]);
        ULONG digit = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;

        if (digit >= Base)
            break;
        value = value * Base + digit;
    }
    *Value = negative ? 0 - value : value;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlStringFromGUID(REFGUID Guid, PUNICODE_STRING GuidString)
{
    char text[40];
    size_t length;

    MODEL_CALL(RtlStringFromGUID, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "RtlStringFromGUID function (wdm.h)");
    if (fault_here("string"))
        return STATUS_NO_MEMORY;
    model_text(text, sizeof(text), "{%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}",
               (unsigned)Guid->Data1, Guid->Data2, Guid->Data3, Guid->Data4[0], Guid->Data4[1],
               Guid->Data4[2], Guid->Data4[3], Guid->Data4[4], Guid->Data4[5], Guid->Data4[6],
               Guid->Data4[7]);
    length = strlen(text);
    GuidString->Buffer = pool_allocate((length + 1) * sizeof(WCHAR), STRING_TAG, true, false);
    if (!GuidString->Buffer)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i <= length; i++)
        GuidString->Buffer[i] = (UCHAR)text[i];
    GuidString->Length = (USHORT)(length * sizeof(WCHAR));
    GuidString->MaximumLength = (USHORT)((length + 1) * sizeof(WCHAR));
    return STATUS_SUCCESS;
}
