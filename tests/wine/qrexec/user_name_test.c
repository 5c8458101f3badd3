/* SPDX-License-Identifier: BSD-2-Clause */
/* Proves which names of a command mean the user of a session. */
#include "tests/wine/expect.h"
#include "windows/agent/qrexec/user_name.h"

static BOOL Is(PCWSTR Wanted)
{
    return UserNameIsOf(Wanted, L"CORP", L"Ada", L"DESKTOP-1");
}

static void a_name_alone_is_of_any_domain(void)
{
    EXPECT(Is(L"Ada") && Is(L"ada"));
    EXPECT(!Is(L"Ad") && !Is(L"Adam") && !Is(L"CORP") && !Is(L""));
}

static void a_domain_must_be_the_users(void)
{
    EXPECT(Is(L"CORP\\Ada") && Is(L"corp\\ADA"));
    EXPECT(!Is(L"COR\\Ada") && !Is(L"CORPS\\Ada") && !Is(L"\\Ada"));
    EXPECT(!Is(L"CORP\\") && !Is(L"CORP\\Adam") && !Is(L"CORP\\x\\Ada"));
}

static void a_dot_is_this_computer(void)
{
    EXPECT(!Is(L".\\Ada"));
    EXPECT(UserNameIsOf(L".\\Ada", L"DESKTOP-1", L"Ada", L"DESKTOP-1"));
}

int main(void)
{
    RUN(a_name_alone_is_of_any_domain);
    RUN(a_domain_must_be_the_users);
    RUN(a_dot_is_this_computer);
    return 0;
}
