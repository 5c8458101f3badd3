/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves how gui-agent.exe follows the GUI domain (windows/agent/gui/domain.c) against a stand-in
 * of QubesDB's client: a change of /qubes-gui-domain-xid while it runs, values that are no domain,
 * a database that is not there yet or goes away. What the agent then does about its link is
 * `wine gui-agent reconnect`.
 */
#include <stdlib.h>
#include <string.h>
#include "tests/wine/expect.h"
#include "windows/agent/gui/domain.h"

static struct {
    BOOL Running, Watched;
    const char *Value; /* NULL: no such key */
    HANDLE Event;      /* set: a change, or the daemon's end, is to be read */
    int Handles;       /* that are open */
    int Blocks;        /* that are to be freed */
} Database;

static char *Give(const char *Text)
{
    Database.Blocks += Text != NULL;
    return Text ? _strdup(Text) : NULL;
}

qdb_handle_t qdb_open(char *Name)
{
    EXPECT(!Name);
    Database.Handles += Database.Running;
    return Database.Running ? (qdb_handle_t)&Database : NULL;
}

void qdb_close(qdb_handle_t Handle)
{
    Database.Handles -= Handle != NULL;
    Database.Watched = FALSE;
}

char *qdb_read(qdb_handle_t Handle, char *Path, unsigned int *Bytes)
{
    EXPECT(!strcmp(Path, "/qubes-gui-domain-xid"));
    return Give(Database.Value);
}

int qdb_watch(qdb_handle_t Handle, char *Path)
{
    EXPECT(!strcmp(Path, "/qubes-gui-domain-xid"));
    Database.Watched = TRUE;
    return 1;
}

HANDLE qdb_watch_fd(qdb_handle_t Handle)
{
    return Database.Event;
}

char *qdb_read_watch(qdb_handle_t Handle)
{
    EXPECT(Database.Watched);
    ResetEvent(Database.Event);
    return Database.Running ? Give("/qubes-gui-domain-xid") : NULL;
}

void qdb_free(void *Block)
{
    Database.Blocks -= Block != NULL;
    free(Block);
}

static void Begin(BOOL Running, const char *Value)
{
    if (!Database.Event)
        Database.Event = CreateEventW(NULL, TRUE, FALSE, NULL);
    ResetEvent(Database.Event);
    Database.Running = Running;
    Database.Value = Value;
}

static void Set(const char *Value)
{
    Database.Value = Value;
    SetEvent(Database.Event);
}

static void End(GUI_DOMAIN *Domain)
{
    DomainClose(Domain);
    EXPECT_EQUAL(Database.Handles, 0);
    EXPECT_EQUAL(Database.Blocks, 0);
}

static void a_change_is_followed_once(void)
{
    GUI_DOMAIN Domain;

    Begin(TRUE, "5");
    DomainOpen(&Domain);
    EXPECT_EQUAL(Domain.Domain, 5);
    EXPECT(DomainEvent(&Domain) == Database.Event);
    EXPECT(!DomainStep(&Domain));
    Set("17");
    EXPECT(DomainStep(&Domain));
    EXPECT_EQUAL(Domain.Domain, 17);
    EXPECT(!DomainStep(&Domain));
    Set("17"); /* written again: nothing begins anew */
    EXPECT(!DomainStep(&Domain));
    End(&Domain);
}

static void what_is_no_domain_is_dom0(void)
{
    static const char *const Values[] = {NULL, "", "sys-gui", "7x", "32752", "99999999999", "-1"};
    GUI_DOMAIN Domain;

    Begin(TRUE, "5");
    DomainOpen(&Domain);
    for (size_t i = 0; i < ARRAYSIZE(Values); i++) {
        Set(Values[i]);
        EXPECT(DomainStep(&Domain));
        EXPECT_EQUAL(Domain.Domain, 0);
        Set("5");
        EXPECT(DomainStep(&Domain));
    }
    End(&Domain);
}

/* The database comes late, goes and comes: the domain stays until another is known. */
static void the_database_may_come_and_go(void)
{
    GUI_DOMAIN Domain;

    Begin(FALSE, "5");
    DomainOpen(&Domain);
    EXPECT_EQUAL(Domain.Domain, 0);
    EXPECT(DomainEvent(&Domain) == NULL);
    EXPECT(!DomainStep(&Domain));
    Database.Running = TRUE;
    EXPECT(!DomainStep(&Domain)); /* not tried before its time */
    Domain.RetryAtMs = 0;
    EXPECT(DomainStep(&Domain));
    EXPECT_EQUAL(Domain.Domain, 5);
    Database.Running = FALSE;
    SetEvent(Database.Event);
    EXPECT(!DomainStep(&Domain));
    EXPECT_EQUAL(Domain.Domain, 5);
    EXPECT_EQUAL(Database.Handles, 0);
    Begin(TRUE, "6");
    Domain.RetryAtMs = 0;
    EXPECT(DomainStep(&Domain));
    EXPECT_EQUAL(Domain.Domain, 6);
    EXPECT(Database.Watched);
    End(&Domain);
}

int main(void)
{
    RUN(a_change_is_followed_once);
    RUN(what_is_no_domain_is_dom0);
    RUN(the_database_may_come_and_go);
    return 0;
}
