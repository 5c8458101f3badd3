/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * StorPort, as a miniport meets it: the adapter's life, requests of both kinds, reset, removal, and
 * the dump environment. The port driver's half is an ordinary driver in the model:
 * StorPortInitialize fills the miniport's driver object, and the PnP manager does the rest.
 *
 * Each request has memory of its own, which is gone when it is completed; requests are started at
 * any IRQL up to DISPATCH_LEVEL, on any CPU, several at a time (virtual miniports), as the seed
 * says.
 *
 * StorPort holds requests back on a miniport's word alone: StorPortBusy and StorPortDeviceBusy
 * until so many have ended, StorPortPause and StorPortPauseDevice for a time, or until Ready or
 * Resume ("Storport driver miniport routines"). None of them is here: xenvbd calls none. Its
 * requests wait in its own queues for a full ring or a connection; in a reset it answers
 * SRB_STATUS_BUSY, after which StorPort sends again (storport_run). A miniport that calls one of
 * them cannot be linked or loaded here.
 */
#ifndef NT_MODEL_STORPORT_H
#define NT_MODEL_STORPORT_H

#include <storport_ddk.h>

struct pnp_node;
struct storport_adapter;

enum storport_kind { STORPORT_BY_SEED, STORPORT_LEGACY, STORPORT_EXTENDED };

struct storport_request {
    /* In. */
    ULONG function; /* SRB_FUNCTION_* */
    UCHAR cdb[16];
    UCHAR cdb_bytes, target, lun;
    PVOID data; /* nonpaged, or NULL */
    ULONG data_bytes;
    enum storport_kind kind;
    BOOLEAN no_sense; /* no buffer for it */
    /* Out, when `done` is set. */
    UCHAR status, scsi_status; /* SRB_STATUS_* with its flags; SCSI's */
    UCHAR sense[32];
    ULONG transferred;
    KEVENT done;
    /* The model's. */
    LIST_ENTRY link;
    PSCSI_REQUEST_BLOCK srb;
    PVOID extension, sense_buffer;
    BOOLEAN before_reset;
    struct storport_adapter *adapter;
};

/* The adapter of a started device. */
struct storport_adapter *storport_of(const struct pnp_node *node);
/* <= DISPATCH_LEVEL. Starts a request; it stays the caller's, and in place, until it is done. Of a
 * device that goes meanwhile, the caller holds a reference (IoGetAttachedDeviceReference): then the
 * request ends with SRB_STATUS_NO_DEVICE. */
void storport_send(struct storport_adapter *adapter, struct storport_request *request);
/* PASSIVE_LEVEL. Sends, and waits; SRB_STATUS_BUSY is sent again, as StorPort does. Returns the
 * status without its flags. */
UCHAR storport_run(struct storport_adapter *adapter, struct storport_request *request);
/* PASSIVE_LEVEL. HwResetBus as StorPort calls it; every request of before must be done after it. */
void storport_reset(struct storport_adapter *adapter);
/* The power manager's: ScsiStopAdapter, ScsiRestartAdapter. */
void storport_power(struct storport_adapter *adapter, BOOLEAN up);
ULONG storport_outstanding(const struct storport_adapter *adapter);
ULONG storport_bus_changes(const struct storport_adapter *adapter);
/* The options that the miniport set. */
ULONG storport_perf_flags(const struct storport_adapter *adapter);

/* --- A dump: everything at HIGH_LEVEL, one CPU, one request at a time. Ends by itself. --- */

/* DriverEntry without arguments, HwFindAdapter, HwInitialize. NULL: the miniport declined. */
struct storport_adapter *storport_dump_start(PDRIVER_INITIALIZE entry, PVOID dump_data, UCHAR mode);
UCHAR storport_dump_run(struct storport_adapter *adapter, struct storport_request *request);
void storport_dump_end(struct storport_adapter *adapter);
/* What the world does while a miniport stalls; may be NULL. */
extern void (*storport_on_stall)(void);

#endif
