/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every Windows service of Casement, in the order in which they start, with the rights that each
 * needs and why: one table for what registers them (casement-services.exe, a future installer), for
 * casement-doctor.exe, which compares the machine with it, and for the host's `casement up`. Plain
 * C, no header of an operating system.
 *
 * All are auto-started, run in a process of their own, get a service SID and are restarted when
 * they fail. Privileges that are not named are taken out of the process's token by Windows.
 */
#ifndef CASEMENT_SERVICE_TABLE_H
#define CASEMENT_SERVICE_TABLE_H

#include <stddef.h>

struct service_row {
    const char *name;    /* the service's, and a part of the machine's interface: never renamed */
    const char *program; /* in <installed folder>\bin; its log is <program>.log in ..\log */
    const char *title;   /* as the services console shows it */
    const char *account; /* NULL: LocalSystem */
    const char *privileges; /* separated by blanks; NULL: all that the account has */
    const char *depends_on; /* services, separated by blanks; "": none */
};

static const struct service_row service_table[] = {
    /* xeniface's device opens for SYSTEM and administrators alone. Who writes a key is found out
     * by impersonating that program. */
    {"QubesDB", "qubesdb-daemon.exe", "Casement QubesDB", NULL,
     "SeChangeNotifyPrivilege SeImpersonatePrivilege", ""},
    /* Runs commands as any user, and as SYSTEM where dom0's policy says so: needs all. */
    {"QrexecAgent", "qrexec-agent.exe", "Casement remote commands", NULL, NULL, "QubesDB"},
    /* Addresses and routes are set by administrators; the vif is seen in XenStore (as above). */
    {"CasementNetwork", "network-setup.exe", "Casement network", NULL, "SeChangeNotifyPrivilege",
     "QubesDB"},
    /* XenStore again; and shutting down is a privilege. */
    {"CasementPower", "power-agent.exe", "Casement power", NULL,
     "SeChangeNotifyPrivilege SeShutdownPrivilege", ""},
    /* XenStore; and disks are written to by administrators, volumes by who may manage them. */
    {"CasementDisk", "private-disk.exe", "Casement private disk", NULL,
     "SeChangeNotifyPrivilege SeManageVolumePrivilege", ""},
    /* The time zone is a privilege; the log-on screen's settings are SYSTEM's own. */
    {"CasementSettings", "settings-agent.exe", "Casement time zone and keyboard", NULL,
     "SeChangeNotifyPrivilege SeTimeZonePrivilege", "QubesDB"},
    /* QubesDB takes new keys from SYSTEM and administrators alone. */
    {"CasementAnnounce", "advertise-tools.exe", "Casement announcement", NULL,
     "SeChangeNotifyPrivilege", "QubesDB QrexecAgent"},
    /* Starts the GUI agent as SYSTEM in the session that has the screen, and the agent is SYSTEM so
     * that it can show and answer logon and UAC: needs all. */
    {"QubesGuiWatchdog", "gui-watchdog.exe", "Casement windows", NULL, NULL, "QubesDB"},
    /* Only administrators set the machine's proxy. */
    {"CasementUpdatesProxy", "updates-proxy.exe", "Casement way to updates", NULL,
     "SeChangeNotifyPrivilege", "QubesDB QrexecAgent"},
};

/* Started for each user at log-on, with that user's rights. */
static const struct session_row {
    const char *name, *program, *arguments;
} session_table[] = {
    /* The keyboard's layout, as dom0 has it. */
    {"Casement", "session-agent.exe", ""},
    /* The entries in Explorer's Send-to menu. */
    {"CasementSendTo", "send-to.exe", " make-links"},
};

enum {
    SERVICE_TABLE_ROWS = sizeof(service_table) / sizeof(*service_table),
    SESSION_TABLE_ROWS = sizeof(session_table) / sizeof(*session_table),
};

#endif
