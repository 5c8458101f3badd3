/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of text without variadic calls: see text.h. */
#include "text.h"

VOID TextInit(_Out_ PTEXT Text, _In_ PCSTR Start)
{
    Text->Length = 0;
    Text->Buffer[0] = 0;
    TextAdd(Text, Start);
}

VOID TextAddBytes(_Inout_ PTEXT Text, _In_reads_bytes_(Length) const VOID *Bytes,
                  _In_ SIZE_T Length)
{
    const CHAR *From = Bytes;
    for (SIZE_T i = 0; i < Length && Text->Length < TEXT_BYTES - 1; i++)
        Text->Buffer[Text->Length++] = From[i];
    Text->Buffer[Text->Length] = 0;
}

VOID TextAdd(_Inout_ PTEXT Text, _In_ PCSTR String)
{
    for (; *String && Text->Length < TEXT_BYTES - 1; String++)
        Text->Buffer[Text->Length++] = *String;
    Text->Buffer[Text->Length] = 0;
}

static VOID AddNumber(_Inout_ PTEXT Text, ULONG64 Number, ULONG Base, ULONG Digits)
{
    CHAR Reversed[20]; /* 2^64 has 20 decimal digits */
    ULONG Count = 0;
    do {
        Reversed[Count++] = "0123456789abcdef"[Number % Base];
        Number /= Base;
    } while (Count < sizeof(Reversed) && (Number || Count < Digits));
    while (Count)
        TextAddBytes(Text, &Reversed[--Count], 1);
}

VOID TextAddDecimal(_Inout_ PTEXT Text, _In_ ULONG64 Number)
{
    AddNumber(Text, Number, 10, 1);
}

VOID TextAddHex(_Inout_ PTEXT Text, _In_ ULONG64 Number, _In_ ULONG Digits)
{
    TextAdd(Text, "0x");
    AddNumber(Text, Number, 16, Digits);
}
