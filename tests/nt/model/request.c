/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The requests of processes: an IOCTL's way from a program's buffers to the driver and back, as the
 * I/O manager does it for each method, and how pending ones are cancelled.
 *
 * Results are written back through the process's pages, in whatever context the request is
 * completed (NT queues an APC to the thread; its effect is the same).
 */
#include "model/device.h"
#include "model/fault.h"
#include "model/file.h"
#include "model/host.h"
#include "model/irp.h"
#include "model/machine.h"
#include "model/object.h"
#include "model/process.h"
#include "model/user.h"
#include "model/windows.h"

RULE(ioctl_information, "IoStatus.Information is at most the output buffer's length",
     "Failure to Check the Size of Buffers");
RULE(ioctl_output_unwritten, "Every byte that is returned to user mode was written by the driver",
     "Failure to Initialize Output Buffers");

enum {
    BUFFER_TAG = 0x20206f49, /* "Io  " */
    CANARY_BYTES = 8,
    CANARY_SEEN = 4, /* so many in a row are no accident */
    STUCK_MINUTES = 10,
};

struct request {
    LIST_ENTRY in_process;
    PIRP irp;
    PFILE_OBJECT file;
    PEPROCESS process;
    PKTHREAD thread;
    KPROCESSOR_MODE mode;
    PIO_STATUS_BLOCK user_result;
    PKEVENT event; /* the caller's, referenced; NULL */
    PVOID output;
    ULONG input_bytes, output_bytes;
    ULONG method;
    PMDL mdl;
    UCHAR canary[CANARY_BYTES];
    ULONG references; /* the issuing call's and the completion's */
    BOOLEAN over;
    NTSTATUS status;
    KEVENT done;
};

static BOOLEAN write_back(struct request *request, PVOID to, const void *from, SIZE_T bytes)
{
    if (request->mode == UserMode)
        return user_memory_write(request->process, to, from, bytes);
    RtlCopyMemory(to, from, bytes);
    return TRUE;
}

/* --- Completion. */

static void check_output(const struct request *request, const UCHAR *buffer, ULONG_PTR bytes)
{
    ULONG same = 0;

    for (ULONG_PTR i = request->input_bytes; i < bytes; i++) {
        same = buffer[i] == request->canary[i % CANARY_BYTES] ? same + 1 : 0;
        if (same == CANARY_SEEN)
            rule_broken(&ioctl_output_unwritten, "byte %lu of %lu", (unsigned long)i - same + 1,
                        (unsigned long)bytes);
    }
}

static void return_output(struct request *request, PIRP irp)
{
    if (NT_ERROR(irp->IoStatus.Status))
        return;
    if ((irp->Flags & IRP_INPUT_OPERATION) == 0)
        return; /* the program gave no buffer: nothing is copied, whatever the driver says */
    if (irp->IoStatus.Information > request->output_bytes)
        rule_broken(&ioctl_information, "%lu, the buffer has %u bytes",
                    (unsigned long)irp->IoStatus.Information, request->output_bytes);
    if (request->method != METHOD_BUFFERED || irp->IoStatus.Information == 0)
        return;
    check_output(request, irp->AssociatedIrp.SystemBuffer, irp->IoStatus.Information);
    if (!write_back(request, request->output, irp->AssociatedIrp.SystemBuffer,
                    irp->IoStatus.Information))
        irp->IoStatus.Status = STATUS_ACCESS_VIOLATION;
}

static void release_buffers(struct request *request, PIRP irp)
{
    if (irp->AssociatedIrp.SystemBuffer != NULL)
        pool_release(irp->AssociatedIrp.SystemBuffer);
    if (request->mdl == NULL)
        return;
    if (request->mdl->MdlFlags & MDL_PAGES_LOCKED)
        MmUnlockPages(request->mdl);
    IoFreeMdl(request->mdl);
}

/* Errors that are returned at once leave the status block and events as they are. */
static void tell(struct request *request, PIRP irp)
{
    if (!irp->PendingReturned && NT_ERROR(irp->IoStatus.Status))
        return;
    write_back(request, request->user_result, &irp->IoStatus, sizeof(irp->IoStatus));
    if (request->event != NULL)
        KeSetEvent(request->event, IO_NO_INCREMENT, FALSE);
    KeSetEvent(&request->file->Event, IO_NO_INCREMENT, FALSE);
}

static void request_release(struct request *request)
{
    if (--request->references != 0)
        return;
    if (request->event != NULL)
        object_dereference(request->event);
    object_dereference(request->file);
    host_free(request);
}

static BOOLEAN request_done(PIRP irp, PVOID context)
{
    struct request *request = context;
    PEPROCESS process = request->process;

    return_output(request, irp);
    release_buffers(request, irp);
    tell(request, irp);
    object_reference(process); /* without its last request it may end */
    RemoveEntryList(&request->in_process);
    request->status = irp->IoStatus.Status;
    request->over = TRUE;
    KeSetEvent(&process->request_done, IO_NO_INCREMENT, FALSE);
    KeSetEvent(&request->done, IO_NO_INCREMENT, FALSE);
    request_release(request);
    object_dereference(process);
    return TRUE;
}

/* --- The way in. */

static NTSTATUS take_input(struct request *request, PVOID buffer, PVOID input)
{
    if (request->input_bytes == 0)
        return STATUS_SUCCESS;
    if (request->mode == KernelMode) {
        RtlCopyMemory(buffer, input, request->input_bytes);
        return STATUS_SUCCESS;
    }
    return user_memory_read(request->process, buffer, input, request->input_bytes)
               ? STATUS_SUCCESS
               : STATUS_ACCESS_VIOLATION;
}

/* The driver's copy: the input, behind it bytes that are not the driver's to return. */
static NTSTATUS make_buffer(struct request *request, PVOID input, ULONG bytes)
{
    PUCHAR buffer;

    if (bytes == 0)
        return STATUS_SUCCESS;
    request->irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    buffer = pool_allocate(bytes, BUFFER_TAG, false, false);
    if (buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    request->irp->AssociatedIrp.SystemBuffer = buffer;
    for (ULONG i = 0; i < CANARY_BYTES; i++)
        request->canary[i] = (UCHAR)sched_random(256);
    for (ULONG i = 0; i < bytes; i++)
        buffer[i] = request->canary[i % CANARY_BYTES];
    return take_input(request, buffer, input);
}

static NTSTATUS probe_output(struct request *request)
{
    for (ULONG_PTR at = (ULONG_PTR)request->output & ~(ULONG_PTR)(PAGE_SIZE - 1);
         request->mode == UserMode && request->output_bytes != 0 &&
         at < (ULONG_PTR)request->output + request->output_bytes;
         at += PAGE_SIZE) {
        ULONG64 frame;

        if (!user_memory_frame(request->process, (PVOID)max(at, (ULONG_PTR)request->output), TRUE,
                               &frame))
            return STATUS_ACCESS_VIOLATION;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS lock_output_body(PVOID context)
{
    struct request *request = context;

    MmProbeAndLockPages(request->mdl, request->mode,
                        request->method == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess);
    return STATUS_SUCCESS;
}

NTSTATUS SehCall(NTSTATUS (*Body)(PVOID Context), PVOID Context);

static NTSTATUS lock_output(struct request *request)
{
    NTSTATUS status;

    if (request->output_bytes == 0)
        return STATUS_SUCCESS;
    fault_pause();
    request->mdl =
        IoAllocateMdl(request->output, request->output_bytes, FALSE, FALSE, request->irp);
    status = SehCall(lock_output_body, request);
    fault_resume();
    return status;
}

static NTSTATUS set_buffers(struct request *request, PVOID input)
{
    NTSTATUS status;

    if (request->output != NULL)
        request->irp->Flags |= IRP_INPUT_OPERATION;
    switch (request->method) {
    case METHOD_BUFFERED:
        request->irp->UserBuffer = request->output;
        status = probe_output(request);
        return NT_SUCCESS(status)
                   ? make_buffer(request, input, max(request->input_bytes, request->output_bytes))
                   : status;
    case METHOD_IN_DIRECT:
    case METHOD_OUT_DIRECT:
        status = make_buffer(request, input, request->input_bytes);
        return NT_SUCCESS(status) ? lock_output(request) : status;
    default: /* METHOD_NEITHER: what the program said, unchecked */
        request->irp->UserBuffer = request->output;
        return STATUS_SUCCESS;
    }
}

static void set_location(PIO_STACK_LOCATION location, const struct request *request, UCHAR major,
                         ULONG code, PVOID input)
{
    location->MajorFunction = major;
    location->FileObject = request->file;
    location->Parameters.DeviceIoControl.IoControlCode = code;
    location->Parameters.DeviceIoControl.InputBufferLength = request->input_bytes;
    location->Parameters.DeviceIoControl.OutputBufferLength = request->output_bytes;
    if (request->method == METHOD_NEITHER)
        location->Parameters.DeviceIoControl.Type3InputBuffer = input;
}

/* Sends it; the status block and the file's synchronous mode decide what the caller gets. */
static NTSTATUS go(struct request *request, PDEVICE_OBJECT top)
{
    BOOLEAN synchronous = (request->file->Flags & FO_SYNCHRONOUS_IO) != 0;
    NTSTATUS status;

    request->references = 2;
    InsertTailList(&request->process->requests, &request->in_process);
    status = IoCallDriver(top, request->irp);
    if (status == STATUS_PENDING && synchronous) {
        KeWaitForSingleObject(&request->done, UserRequest, request->mode, FALSE, NULL);
        status = request->status;
    }
    if (request->over && status != STATUS_PENDING)
        status = request->status;
    request_release(request);
    return status;
}

static NTSTATUS check_code(ULONG code, ACCESS_MASK granted)
{
    ULONG needed = code >> 14 & 3;

    if (process_previous_mode() == KernelMode)
        return STATUS_SUCCESS;
    if (((needed & FILE_READ_ACCESS) && !(granted & FILE_READ_DATA)) ||
        ((needed & FILE_WRITE_ACCESS) && !(granted & FILE_WRITE_DATA)))
        return STATUS_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

static NTSTATUS take_event(HANDLE handle, PKEVENT *event)
{
    NTSTATUS status;

    *event = NULL;
    if (handle == NULL)
        return STATUS_SUCCESS;
    status = handle_object(handle, EVENT_MODIFY_STATE, *ExEventObjectType, process_previous_mode(),
                           (void **)event, NULL);
    if (!NT_SUCCESS(status))
        return status;
    object_reference(*event);
    KeClearEvent(*event);
    return STATUS_SUCCESS;
}

static NTSTATUS device_control(HANDLE handle, HANDLE event, PIO_STATUS_BLOCK result, ULONG code,
                               PVOID input, ULONG input_bytes, PVOID output, ULONG output_bytes)
{
    struct request *request;
    ACCESS_MASK granted;
    PFILE_OBJECT file;
    PDEVICE_OBJECT top;
    NTSTATUS status = file_of(handle, &file, &granted);
    ULONG64 frame;

    if (!NT_SUCCESS(status))
        return status;
    status = check_code(code, granted);
    if (NT_SUCCESS(status) && process_previous_mode() == UserMode &&
        !user_memory_frame(process_current(), result, TRUE, &frame))
        status = STATUS_ACCESS_VIOLATION;
    if (!NT_SUCCESS(status)) {
        object_dereference(file);
        return status;
    }
    top = device_top(file->DeviceObject);
    request = host_alloc(sizeof(*request));
    request->file = file;
    request->process = process_current();
    request->thread = KeGetCurrentThread();
    request->mode = process_previous_mode();
    request->user_result = result;
    request->output = output;
    request->input_bytes = input_bytes;
    request->output_bytes = output_bytes;
    request->method = code & 3;
    KeInitializeEvent(&request->done, NotificationEvent, FALSE);
    request->irp = irp_allocate(IRP_OF_MANAGER, top->StackSize, request_done, request);
    request->irp->RequestorMode = request->mode;
    request->irp->Tail.Overlay.Thread = PsGetCurrentThread();
    request->irp->Tail.Overlay.OriginalFileObject = file;
    request->irp->UserIosb = result;
    status = take_event(event, &request->event);
    if (NT_SUCCESS(status))
        status = set_buffers(request, input);
    if (!NT_SUCCESS(status)) {
        release_buffers(request, request->irp);
        irp_free(request->irp);
        request->references = 1;
        request_release(request);
        return status;
    }
    KeClearEvent(&file->Event);
    set_location(IoGetNextIrpStackLocation(request->irp), request, IRP_MJ_DEVICE_CONTROL, code,
                 input);
    return go(request, top);
}

NTSTATUS NTAPI NtDeviceIoControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                                     PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                                     ULONG IoControlCode, PVOID InputBuffer,
                                     ULONG InputBufferLength, PVOID OutputBuffer,
                                     ULONG OutputBufferLength)
{
    NTSTATUS status;

    MODEL_CALL(NtDeviceIoControlFile, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "ZwDeviceIoControlFile function (ntifs.h)");
    process_in_system(TRUE);
    status = device_control(FileHandle, Event, IoStatusBlock, IoControlCode, InputBuffer,
                            InputBufferLength, OutputBuffer, OutputBufferLength);
    process_in_system(FALSE);
    return status;
}

NTSTATUS NTAPI ZwDeviceIoControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                                     PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                                     ULONG IoControlCode, PVOID InputBuffer,
                                     ULONG InputBufferLength, PVOID OutputBuffer,
                                     ULONG OutputBufferLength)
{
    NTSTATUS status;

    MODEL_CALL(ZwDeviceIoControlFile, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "ZwDeviceIoControlFile function (ntifs.h)");
    process_from_kernel(TRUE);
    status = device_control(FileHandle, Event, IoStatusBlock, IoControlCode, InputBuffer,
                            InputBufferLength, OutputBuffer, OutputBufferLength);
    process_from_kernel(FALSE);
    return status;
}

/* --- Cancelling. */

static BOOLEAN is_meant(const struct request *request, PKTHREAD thread, PFILE_OBJECT file,
                        PIO_STATUS_BLOCK which)
{
    return (thread == NULL || request->thread == thread) &&
           (file == NULL || request->file == file) &&
           (which == NULL || request->user_result == which);
}

BOOLEAN requests_cancel(PEPROCESS process, PKTHREAD thread, PFILE_OBJECT file,
                        PIO_STATUS_BLOCK which)
{
    PIRP found[64];
    ULONG count = 0;

    for (PLIST_ENTRY at = process->requests.Flink; at != &process->requests; at = at->Flink) {
        struct request *request = CONTAINING_RECORD(at, struct request, in_process);

        if (!is_meant(request, thread, file, which) || count == RTL_NUMBER_OF(found))
            continue;
        irp_hold(request->irp);
        found[count++] = request->irp;
    }
    for (ULONG i = 0; i < count; i++) {
        if (!irp_completed(found[i]))
            IoCancelIrp(found[i]);
        irp_unhold(found[i]);
    }
    return count != 0;
}

static BOOLEAN has_any(PEPROCESS process, PKTHREAD thread)
{
    for (PLIST_ENTRY at = process->requests.Flink; at != &process->requests; at = at->Flink)
        if (is_meant(CONTAINING_RECORD(at, struct request, in_process), thread, NULL, NULL))
            return TRUE;
    return FALSE;
}

BOOLEAN requests_cancel_all(PEPROCESS process, PKTHREAD thread)
{
    LARGE_INTEGER limit = {.QuadPart = -10000000ll * 60 * STUCK_MINUTES};

    while (has_any(process, thread)) {
        KeClearEvent(&process->request_done);
        requests_cancel(process, thread, NULL, NULL);
        if (has_any(process, thread) &&
            KeWaitForSingleObject(&process->request_done, Executive, KernelMode, FALSE, &limit) ==
                STATUS_TIMEOUT)
            return FALSE;
    }
    return TRUE;
}

static NTSTATUS cancel(HANDLE handle, PKTHREAD thread, PIO_STATUS_BLOCK which)
{
    PFILE_OBJECT file;
    NTSTATUS status;

    process_in_system(TRUE);
    status = file_of(handle, &file, NULL);
    if (NT_SUCCESS(status)) {
        status = requests_cancel(process_current(), thread, file, which) ? STATUS_SUCCESS
                                                                         : STATUS_NOT_FOUND;
        object_dereference(file);
    }
    process_in_system(FALSE);
    return status;
}

NTSTATUS NTAPI NtCancelIoFileEx(HANDLE FileHandle, PIO_STATUS_BLOCK IoRequestToCancel,
                                PIO_STATUS_BLOCK IoStatusBlock)
{
    MODEL_CALL(NtCancelIoFileEx, PASSIVE_LEVEL, PASSIVE_LEVEL, "CancelIoEx function");
    return cancel(FileHandle, NULL, IoRequestToCancel);
}

NTSTATUS NTAPI NtCancelIoFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock)
{
    MODEL_CALL(NtCancelIoFile, PASSIVE_LEVEL, PASSIVE_LEVEL, "CancelIo function");
    return cancel(FileHandle, KeGetCurrentThread(), NULL);
}

NTSTATUS user_fire_ioctl(HANDLE Handle, ULONG Code, PVOID In, ULONG InLength, PVOID Out,
                         ULONG OutLength)
{
    PIO_STATUS_BLOCK result = user_alloc(sizeof(*result));
    NTSTATUS status =
        NtDeviceIoControlFile(Handle, NULL, NULL, NULL, result, Code, In, InLength, Out, OutLength);

    if (status == STATUS_PENDING) {
        requests_cancel_all(process_current(), KeGetCurrentThread());
        status = result->Status;
    }
    user_free(result);
    return status;
}

/* --- What drivers ask about a request. */

PEPROCESS NTAPI IoGetRequestorProcess(PIRP Irp)
{
    MODEL_CHECK(IoGetRequestorProcess, PASSIVE_LEVEL, DISPATCH_LEVEL,
                "IoGetRequestorProcess function (ntifs.h)");
    if (Irp->Tail.Overlay.Thread == NULL)
        return NULL;
    return process_owner_of_thread((PKTHREAD)Irp->Tail.Overlay.Thread);
}

ULONG NTAPI IoGetRequestorProcessId(PIRP Irp)
{
    PEPROCESS process = IoGetRequestorProcess(Irp);

    return process == NULL ? 0 : (ULONG)(ULONG_PTR)process->id;
}

BOOLEAN NTAPI IoIs32bitProcess(PIRP Irp)
{
    MODEL_CHECK(IoIs32bitProcess, PASSIVE_LEVEL, DISPATCH_LEVEL,
                "IoIs32bitProcess function (wdm.h)");
    if (Irp == NULL)
        return process_current()->is_32bit;
    return Irp->RequestorMode == UserMode && IoGetRequestorProcess(Irp) != NULL &&
           IoGetRequestorProcess(Irp)->is_32bit;
}

NTSTATUS NTAPI IoValidateDeviceIoControlAccess(PIRP Irp, ULONG RequiredAccess)
{
    PFILE_OBJECT file;

    MODEL_CALL(IoValidateDeviceIoControlAccess, PASSIVE_LEVEL, APC_LEVEL,
               "IoValidateDeviceIoControlAccess function (wdm.h)");
    file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    if (Irp->RequestorMode == KernelMode)
        return STATUS_SUCCESS;
    if (((RequiredAccess & FILE_READ_ACCESS) && !file->ReadAccess) ||
        ((RequiredAccess & FILE_WRITE_ACCESS) && !file->WriteAccess))
        return STATUS_ACCESS_DENIED;
    return STATUS_SUCCESS;
}
SYSTEM_ROUTINE(IoValidateDeviceIoControlAccess, WINDOWS_7);
