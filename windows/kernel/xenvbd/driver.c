/* SPDX-License-Identifier: BSD-2-Clause */
/* DriverEntry: a virtual miniport in the running system, the dump driver's disk in a dump. */
#include "adapter.h"
#include "../common/pool.h"

NTSTATUS NTAPI DriverEntry(_In_ PDRIVER_OBJECT DriverObject, _In_ PUNICODE_STRING RegistryPath)
{
    HW_INITIALIZATION_DATA Data = {
        .HwInitializationDataSize = sizeof(Data),
        .AdapterInterfaceType = Internal,
        .HwInitialize = VbdInitialize,
        .HwStartIo = VbdStartIo,
        .HwFindAdapter = (PVOID)VbdFindAdapter,
        .HwResetBus = VbdResetBus,
        .HwAdapterControl = VbdAdapterControl,
        .HwUnitControl = VbdUnitControl,
        .HwFreeAdapterResources = VbdFreeAdapterResources,
        .DeviceExtensionSize = sizeof(VBD_ADAPTER),
        .SrbExtensionSize = sizeof(VBD_REQUEST),
        .MapBuffers = STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE,
        .NeedPhysicalAddresses = TRUE,
        .TaggedQueuing = TRUE,
        .AutoRequestSense = TRUE,
        .MultipleRequestPerLu = TRUE,
        .FeatureSupport = STOR_FEATURE_VIRTUAL_MINIPORT | STOR_FEATURE_DUMP_POINTERS |
                          STOR_FEATURE_DEVICE_NAME_NO_SUFFIX,
        .SrbTypeFlags = SRB_TYPE_FLAG_STORAGE_REQUEST_BLOCK,
        .AddressTypeFlags = ADDRESS_TYPE_FLAG_BTL8,
    };

    /* "Restrictions on Miniport Drivers that Manage the Boot Drive" */
    if (!DriverObject)
        return DumpDriverEntry();
    PoolInitialize();
    return (NTSTATUS)StorPortInitialize(DriverObject, RegistryPath, &Data, NULL);
}
