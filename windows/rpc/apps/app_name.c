/* SPDX-License-Identifier: BSD-2-Clause */
/* See app_name.h. */
#include <string.h>
#include <wchar.h>
#include "windows/rpc/apps/app_name.h"

/* Letters that no decomposition turns into ASCII. */
static const struct {
    WCHAR Letter;
    CHAR Latin[5];
} Spellings[] = {
    {L'\x00c4', "Ae"}, {L'\x00d6', "Oe"}, {L'\x00dc', "Ue"}, {L'\x00e4', "ae"}, {L'\x00f6', "oe"},
    {L'\x00fc', "ue"}, {L'\x00df', "ss"}, {L'\x00c6', "AE"}, {L'\x00e6', "ae"}, {L'\x00d8', "O"},
    {L'\x00f8', "o"},  {L'\x0141', "L"},  {L'\x0142', "l"},  {L'\x0110', "D"},  {L'\x0111', "d"},
    {L'\x0131', "i"},  {L'\x00de', "Th"}, {L'\x00fe', "th"}, {L'\x00d0', "D"},  {L'\x00f0', "d"},
    {L'\x2013', "-"},  {L'\x2014', "-"},  {L'\x2122', ""},   {L'\x00ae', ""},   {L'\x00a9', "(c)"},
    {L'\x2019', ""},   {L'\'', ""},       {L'#', "sharp"},
};

/* Cyrillic, from U+0410 (A) on; capitals like the small ones from U+0430. */
static const CHAR Cyrillic[][5] = {
    "a", "b", "v", "g", "d", "e",  "zh", "z",  "i",  "y",    "k", "l", "m", "n", "o",  "p",
    "r", "s", "t", "u", "f", "kh", "ts", "ch", "sh", "shch", "",  "y", "",  "e", "yu", "ya",
};

static BOOL IsPlain(_In_ WCHAR Unit)
{
    return (Unit >= L'a' && Unit <= L'z') || (Unit >= L'A' && Unit <= L'Z') ||
           (Unit >= L'0' && Unit <= L'9') || (Unit && wcschr(L"/.,:&()_ +-", Unit));
}

/* The letter without its accent; the unit itself when it has none. */
static WCHAR Base(_In_ WCHAR Unit)
{
    WCHAR Parts[8];

    if (FoldStringW(MAP_COMPOSITE, &Unit, 1, Parts, 8) > 1)
        return Parts[0];
    return Unit;
}

/* What stands for one unit; capital: first letter in upper case. */
static PCSTR Spell(_In_ WCHAR Unit, _Out_ BOOL *Capital)
{
    *Capital = FALSE;
    for (SIZE_T i = 0; i < sizeof(Spellings) / sizeof(*Spellings); i++)
        if (Spellings[i].Letter == Unit)
            return Spellings[i].Latin;
    if (Unit == 0x401 || Unit == 0x451) {
        *Capital = Unit == 0x401;
        return "e";
    }
    if (Unit >= 0x410 && Unit < 0x450) {
        *Capital = Unit < 0x430;
        return Cyrillic[(Unit - 0x410) % 32];
    }
    return NULL;
}

static void Append(_Inout_ PSTR Out, _In_ SIZE_T Room, _In_ PCSTR Text, _In_ BOOL Capital)
{
    const SIZE_T At = strlen(Out);

    if (At + strlen(Text) >= Room)
        return;
    strcpy(Out + At, Text);
    if (Capital && Out[At] >= 'a' && Out[At] <= 'z')
        Out[At] = (CHAR)(Out[At] - 'a' + 'A');
}

/* Nothing but underscores, blanks and punctuation is no name. */
static BOOL IsReadable(_In_ PCSTR Name)
{
    for (; *Name; Name++)
        if ((*Name >= 'a' && *Name <= 'z') || (*Name >= 'A' && *Name <= 'Z') ||
            (*Name >= '0' && *Name <= '9'))
            return TRUE;
    return FALSE;
}

void AppNamePlain(_In_ PCWSTR Name, _Out_writes_z_(Room) PSTR Out, _In_ SIZE_T Room)
{
    Out[0] = 0;
    for (; *Name; Name++) {
        BOOL Capital;
        PCSTR Latin = IsPlain(*Name) ? NULL : Spell(*Name, &Capital);
        const WCHAR Plain = Base(*Name);
        const CHAR One[2] = {IsPlain(*Name) ? (CHAR)*Name : IsPlain(Plain) ? (CHAR)Plain : '_', 0};

        if (Latin)
            Append(Out, Room, Latin, Capital);
        else
            Append(Out, Room, One, FALSE);
    }
    if (!IsReadable(Out))
        Out[0] = 0;
}
