/* SPDX-License-Identifier: BSD-2-Clause */
/* See document.h. */
#include "core/services/document.h"
#include "core/filecopy/name.h"
#include "core/filecopy/winname.h"

#include <string.h>

static const char view_only_prefix[] = "view-only-";

static bool is_usual(uint32_t code)
{
    return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') ||
           (code >= '0' && code <= '9') || code == '.' || code == '_' || code == '-';
}

/* The characters of the name, "_" for an unusual one; its length, or 0. */
static size_t take_characters(const char *name, size_t length, char *out)
{
    size_t used = 0, at = 0, step;
    uint32_t code;

    for (; at < length; at += step) {
        step = fc_utf8_next(name + at, length - at, &code);
        if (step == 0)
            return 0;
        out[used++] = is_usual(code) ? (char)code : '_';
    }
    return used;
}

bool document_name_parse(const char field[DOCUMENT_FIELD_BYTES], struct document_name *out)
{
    const char *const end = memchr(field, '\0', DOCUMENT_FIELD_BYTES);
    size_t length = end == NULL ? 0 : (size_t)(end - field);
    char *text = out->text;

    out->view_only = length > sizeof(view_only_prefix) - 1 &&
                     memcmp(field, view_only_prefix, sizeof(view_only_prefix) - 1) == 0;
    if (out->view_only) {
        field += sizeof(view_only_prefix) - 1;
        length -= sizeof(view_only_prefix) - 1;
    }
    length = take_characters(field, length, text);
    if (length == 0)
        return false;
    if (text[length - 1] == '.')
        text[length - 1] = '_';
    if (fc_winname_is_forbidden(text, length)) { /* a device: another name with the same ending */
        memmove(text + 1, text, length++);
        text[0] = '_';
    }
    text[length] = '\0';
    return true;
}

bool document_name_put(const char *name, bool view_only, char field[DOCUMENT_FIELD_BYTES])
{
    const size_t prefix = view_only ? sizeof(view_only_prefix) - 1 : 0;
    const size_t room = DOCUMENT_FIELD_BYTES - 1 - prefix;
    size_t length = strlen(name), at = 0, step;
    uint32_t code;

    for (; at < length; at += step)
        if ((step = fc_utf8_next(name + at, length - at, &code)) == 0)
            return false;
    while (length > room || (length > 0 && ((unsigned char)*name & 0xC0) == 0x80))
        name++, length--;
    memset(field, 0, DOCUMENT_FIELD_BYTES);
    memcpy(field, view_only_prefix, prefix);
    memcpy(field + prefix, name, length);
    return length > 0;
}

/* What Windows and its shell execute, or take orders from, when it is opened; a blank behind each.
 */
static const char program_endings[] =
    "ade adp app application appref-ms appx appxbundle bas bat chm cmd com cpl diagcab "
    "dll exe gadget hlp hta htc img inf ins iso isp its jar jnlp js jse ksh library-ms "
    "lnk mda mdb mde mdt mdw mdz msc msh msi msix msixbundle msp mst msu ocx osd pcd pif "
    "pl prf prg ps1 ps1xml ps2 ps2xml psc1 psc2 psd1 psm1 py pyc pyo pyw pyz pyzw rdp reg "
    "scf scr sct search-ms searchconnector-ms settingcontent-ms shb shs sys theme "
    "themepack url vb vbe vbs vhd vhdx vsw website ws wsb wsc wsf wsh xbap xll ";

static bool same_word(const char *word, const char *end, const char *text)
{
    for (; word < end; word++, text++)
        if (*word != (*text >= 'A' && *text <= 'Z' ? *text - 'A' + 'a' : *text))
            return false;
    return *text == '\0';
}

bool document_is_program(const char *name)
{
    const char *const dot = strrchr(name, '.');
    const char *end;

    for (const char *word = program_endings; dot != NULL && *word != '\0'; word = end + 1) {
        end = strchr(word, ' ');
        if (same_word(word, end, dot + 1))
            return true;
    }
    return false;
}
