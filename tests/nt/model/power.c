/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The power manager, see power.h.
 */
#include "model/power.h"
#include "model/device.h"
#include "model/fault.h"
#include "model/host.h"
#include "model/irp.h"
#include "model/pnp_private.h"
#include "model/rule.h"
#include "model/sched.h"

RULE(power_set_must_succeed, "Drivers do not fail IRP_MN_SET_POWER", "IRP_MN_SET_POWER");
RULE(power_two_at_once, "A device has one device set-power IRP at a time",
     "Rules for Handling Device Power Requests");
RULE(power_minor, "PoRequestPowerIrp sends IRP_MN_QUERY_POWER, SET_POWER or WAIT_WAKE",
     "PoRequestPowerIrp function (wdm.h)");

/* --- Device power IRPs that drivers request. */

struct request {
    PDEVICE_OBJECT device, pdo;
    UCHAR minor;
    POWER_STATE state;
    PREQUEST_POWER_COMPLETE completion;
    PVOID context;
};

static PDEVICE_OBJECT InFlight[64]; /* PDOs with a device set-power IRP under way */

static PDEVICE_OBJECT *in_flight_slot(PDEVICE_OBJECT pdo)
{
    for (ULONG i = 0; i < RTL_NUMBER_OF(InFlight); i++)
        if (InFlight[i] == pdo)
            return &InFlight[i];
    return NULL;
}

static BOOLEAN request_done(PIRP irp, PVOID context)
{
    struct request *request = context;
    struct pnp_node *node = device_record(request->pdo)->node;

    if (request->minor == IRP_MN_SET_POWER) {
        *in_flight_slot(request->pdo) = NULL;
        if (!NT_SUCCESS(irp->IoStatus.Status))
            rule_broken(&power_set_must_succeed, "D%d: %x", request->state.DeviceState - 1,
                        irp->IoStatus.Status);
        if (node != NULL)
            node->power = request->state.DeviceState;
    }
    if (request->completion != NULL) {
        const void *floor = sched_stack_floor(__builtin_frame_address(0));

        request->completion(request->device, request->minor, request->state, request->context,
                            &irp->IoStatus);
        sched_stack_floor(floor);
    }
    host_free(request);
    return TRUE;
}

NTSTATUS NTAPI PoRequestPowerIrp(PDEVICE_OBJECT DeviceObject, UCHAR MinorFunction,
                                 POWER_STATE PowerState, PREQUEST_POWER_COMPLETE CompletionFunction,
                                 PVOID Context, PIRP *Irp)
{
    struct request *request;
    PIO_STACK_LOCATION next;
    PDEVICE_OBJECT top;
    PIRP irp;

    MODEL_CALL(PoRequestPowerIrp, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "PoRequestPowerIrp function (wdm.h)");
    if (MinorFunction != IRP_MN_SET_POWER && MinorFunction != IRP_MN_QUERY_POWER &&
        MinorFunction != IRP_MN_WAIT_WAKE)
        rule_broken(&power_minor, "minor %x", MinorFunction);
    if (fault_here("power irp"))
        return STATUS_INSUFFICIENT_RESOURCES;
    request = host_alloc(sizeof(*request));
    *request = (struct request){DeviceObject, device_bottom(DeviceObject), MinorFunction,
                                PowerState,   CompletionFunction,          Context};
    if (MinorFunction == IRP_MN_SET_POWER) {
        if (in_flight_slot(request->pdo) != NULL)
            rule_broken(&power_two_at_once, "device %p", DeviceObject);
        *in_flight_slot(NULL) = request->pdo;
    }
    top = device_top(DeviceObject);
    irp = irp_allocate(IRP_OF_MANAGER, top->StackSize, request_done, request);
    next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_POWER;
    next->MinorFunction = MinorFunction;
    if (MinorFunction == IRP_MN_WAIT_WAKE) {
        next->Parameters.WaitWake.PowerState = PowerState.SystemState;
    } else {
        next->Parameters.Power.Type = DevicePowerState;
        next->Parameters.Power.State = PowerState;
    }
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    if (Irp != NULL)
        *Irp = irp;
    IoCallDriver(top, irp);
    return STATUS_PENDING;
}

VOID NTAPI PoStartNextPowerIrp(PIRP Irp)
{
    MODEL_CALL(PoStartNextPowerIrp, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "PoStartNextPowerIrp function (wdm.h)");
}

POWER_STATE NTAPI PoSetPowerState(PDEVICE_OBJECT DeviceObject, POWER_STATE_TYPE Type,
                                  POWER_STATE State)
{
    POWER_STATE before = {.DeviceState = PowerDeviceD0};
    struct pnp_node *node;

    MODEL_CALL(PoSetPowerState, PASSIVE_LEVEL, DISPATCH_LEVEL,
               "PoSetPowerState function (ntifs.h)");
    node = device_record(device_bottom(DeviceObject))->node;
    if (node != NULL && Type == DevicePowerState)
        before.DeviceState = node->power;
    return before;
}

/* --- System power. */

static NTSTATUS send_system(struct pnp_node *node, UCHAR minor, SYSTEM_POWER_STATE state)
{
    IO_STACK_LOCATION location = {.MajorFunction = IRP_MJ_POWER, .MinorFunction = minor};

    location.Parameters.Power.Type = SystemPowerState;
    location.Parameters.Power.State.SystemState = state;
    location.Parameters.Power.ShutdownType =
        state >= PowerSystemShutdown
            ? PowerActionShutdown
            : (state == PowerSystemWorking ? PowerActionNone : PowerActionSleep);
    return irp_send_and_wait(node->pdo, &location, STATUS_NOT_SUPPORTED, NULL);
}

static BOOLEAN takes_part(const struct pnp_node *node)
{
    return node->state == PNP_STARTED;
}

static NTSTATUS query_all(struct pnp_node *node, SYSTEM_POWER_STATE state)
{
    NTSTATUS status = STATUS_SUCCESS;

    for (; node != NULL && NT_SUCCESS(status); node = node->sibling) {
        status = query_all(node->children, state);
        if (NT_SUCCESS(status) && takes_part(node))
            status = send_system(node, IRP_MN_QUERY_POWER, state);
    }
    return status;
}

static void set_one(struct pnp_node *node, SYSTEM_POWER_STATE state)
{
    NTSTATUS status;

    if (!takes_part(node))
        return;
    status = send_system(node, IRP_MN_SET_POWER, state);
    if (!NT_SUCCESS(status))
        rule_broken(&power_set_must_succeed, "S state %d: %x", state, status);
}

static void set_down(struct pnp_node *node, SYSTEM_POWER_STATE state)
{
    for (; node != NULL; node = node->sibling) {
        set_down(node->children, state);
        set_one(node, state);
    }
}

static void set_up(struct pnp_node *node)
{
    for (; node != NULL; node = node->sibling) {
        set_one(node, PowerSystemWorking);
        set_up(node->children);
    }
}

NTSTATUS power_sleep(SYSTEM_POWER_STATE state)
{
    NTSTATUS status;

    pnp_tree_lock(); /* no device comes or goes meanwhile */
    status = query_all(pnp_roots(), state);
    if (NT_SUCCESS(status))
        set_down(pnp_roots(), state);
    else
        set_up(pnp_roots());
    pnp_tree_unlock();
    return status;
}

void power_wake(void)
{
    pnp_tree_lock();
    set_up(pnp_roots());
    pnp_tree_unlock();
}

DEVICE_POWER_STATE power_of(const struct pnp_node *node)
{
    return node->power;
}
