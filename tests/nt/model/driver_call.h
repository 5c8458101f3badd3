/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model calls into a driver: what holds before must hold after (IRQL), and reports and fault
 * injection look at the stack from here on.
 *
 *     struct driver_call call = driver_call_enter("AddDevice", __builtin_frame_address(0));
 *     status = driver->DriverExtension->AddDevice(driver, pdo);
 *     driver_call_leave(&call);
 */
#ifndef NT_MODEL_DRIVER_CALL_H
#define NT_MODEL_DRIVER_CALL_H

#include <ntddk.h>

struct driver_call {
    const char *what;
    const void *floor;
    KIRQL irql;
};

struct driver_call driver_call_enter(const char *what, const void *frame);
void driver_call_leave(const struct driver_call *call);

#endif
