/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * StorPort as Windows 8 and later have it: mingw-w64's storport.h is of Windows 2003, and the two
 * structures by which a miniport describes itself have grown since. Their types in srb.h are put
 * aside here; all else of srb.h stays. Written from Microsoft's public documentation, whose page
 * stands at each part; sizes and offsets are those of x64.
 */
#ifndef STORPORT_DDK_H
#define STORPORT_DDK_H

#include <ntddk.h>

#define _HW_INITIALIZATION_DATA         _OLD_HW_INITIALIZATION_DATA
#define HW_INITIALIZATION_DATA          OLD_HW_INITIALIZATION_DATA
#define PHW_INITIALIZATION_DATA         POLD_HW_INITIALIZATION_DATA
#define _PORT_CONFIGURATION_INFORMATION _OLD_PORT_CONFIGURATION_INFORMATION
#define PORT_CONFIGURATION_INFORMATION  OLD_PORT_CONFIGURATION_INFORMATION
#define PPORT_CONFIGURATION_INFORMATION POLD_PORT_CONFIGURATION_INFORMATION
#define PHW_FIND_ADAPTER                POLD_HW_FIND_ADAPTER
#include <srb.h>
#undef _HW_INITIALIZATION_DATA
#undef HW_INITIALIZATION_DATA
#undef PHW_INITIALIZATION_DATA
#undef _PORT_CONFIGURATION_INFORMATION
#undef PORT_CONFIGURATION_INFORMATION
#undef PPORT_CONFIGURATION_INFORMATION
#undef PHW_FIND_ADAPTER

/* --- "STORAGE_REQUEST_BLOCK structure (srb.h)" --- */

#define SRB_FUNCTION_FREE_DUMP_POINTERS    0x27
#define SRB_FUNCTION_STORAGE_REQUEST_BLOCK 0x28

#define SRB_SIGNATURE                   0x53524258
#define STORAGE_REQUEST_BLOCK_VERSION_1 0x1

typedef struct _STORAGE_REQUEST_BLOCK {
    USHORT Length; /* of this header: the offset of Signature */
    UCHAR Function;
    UCHAR SrbStatus;
    UCHAR ReservedUchar1[4];
    ULONG Signature, Version;
    ULONG SrbLength; /* of all, with address and extended data */
    ULONG SrbFunction;
    ULONG SrbFlags;
    ULONG ReservedUlong2;
    ULONG RequestTag;
    USHORT RequestPriority;
    USHORT RequestAttribute;
    ULONG TimeOutValue;
    ULONG SystemStatus;
    ULONG ZeroGuard1;
    ULONG AddressOffset; /* of a STOR_ADDRESS */
    ULONG NumSrbExData;
    ULONG DataTransferLength;
    PVOID DataBuffer;
    PVOID ZeroGuard2;
    PVOID OriginalRequest;
    PVOID ClassContext;
    PVOID PortContext;
    PVOID MiniportContext; /* what a legacy request has as SrbExtension */
    struct _STORAGE_REQUEST_BLOCK *NextSrb;
    ULONG SrbExDataOffset[1]; /* NumSrbExData of them */
} STORAGE_REQUEST_BLOCK, *PSTORAGE_REQUEST_BLOCK;
C_ASSERT(FIELD_OFFSET(STORAGE_REQUEST_BLOCK, Signature) == 8);
C_ASSERT(FIELD_OFFSET(STORAGE_REQUEST_BLOCK, DataTransferLength) == 60);
C_ASSERT(FIELD_OFFSET(STORAGE_REQUEST_BLOCK, DataBuffer) == 64);
C_ASSERT(FIELD_OFFSET(STORAGE_REQUEST_BLOCK, MiniportContext) == 104);
C_ASSERT(FIELD_OFFSET(STORAGE_REQUEST_BLOCK, SrbExDataOffset) == 120);
C_ASSERT(sizeof(STORAGE_REQUEST_BLOCK) == 128);
C_ASSERT(sizeof(SCSI_REQUEST_BLOCK) == 88);
C_ASSERT(FIELD_OFFSET(SCSI_REQUEST_BLOCK, Cdb) == 72);

/* "STOR_ADDR_BTL8 structure (scsi.h)" */
#define STOR_ADDRESS_TYPE_BTL8        0x1
#define STOR_ADDR_BTL8_ADDRESS_LENGTH 4
typedef struct _STOR_ADDR_BTL8 {
    USHORT Type, Port;
    ULONG AddressLength;
    UCHAR Path, Target, Lun, Reserved;
} STOR_ADDR_BTL8, *PSTOR_ADDR_BTL8;
C_ASSERT(sizeof(STOR_ADDR_BTL8) == 12);

/* "SRBEX_DATA structure (srb.h)" and "SRBEXDATATYPE enumeration (srb.h)" */
enum {
    SrbExDataTypeScsiCdb16 = 0x40,
    SrbExDataTypeScsiCdb32 = 0x41,
    SrbExDataTypeScsiCdbVar = 0x42,
    SrbExDataTypePower = 0x61,
    SrbExDataTypePnP = 0x62,
};
typedef struct _SRBEX_DATA_SCSI_CDB16 {
    ULONG Type;
    ULONG Length; /* of what follows */
    UCHAR ScsiStatus;
    UCHAR SenseInfoBufferLength;
    UCHAR CdbLength;
    UCHAR Reserved;
    ULONG Reserved1;
    PVOID SenseInfoBuffer;
    UCHAR Cdb[16];
} SRBEX_DATA_SCSI_CDB16, *PSRBEX_DATA_SCSI_CDB16;
C_ASSERT(FIELD_OFFSET(SRBEX_DATA_SCSI_CDB16, SenseInfoBuffer) == 16);
C_ASSERT(FIELD_OFFSET(SRBEX_DATA_SCSI_CDB16, Cdb) == 24);
C_ASSERT(sizeof(SRBEX_DATA_SCSI_CDB16) == 40);
#define SRBEX_DATA_SCSI_CDB16_LENGTH 32

/* "SRBEX_DATA_PNP structure (srb.h)" */
typedef struct _SRBEX_DATA_PNP {
    ULONG Type;
    ULONG Length;
    UCHAR PnPSubFunction;
    UCHAR Reserved[3];
    STOR_PNP_ACTION PnPAction;
    ULONG SrbPnPFlags;
    ULONG Reserved1;
} SRBEX_DATA_PNP, *PSRBEX_DATA_PNP;
C_ASSERT(sizeof(SRBEX_DATA_PNP) == 24);

/* --- "PORT_CONFIGURATION_INFORMATION structure (storport.h)" --- */

typedef enum _STOR_SYNCHRONIZATION_MODEL {
    StorSynchronizeHalfDuplex,
    StorSynchronizeFullDuplex
} STOR_SYNCHRONIZATION_MODEL;

typedef struct _MEMORY_REGION {
    PVOID VirtualBase;
    PHYSICAL_ADDRESS PhysicalBase;
    ULONG Length;
} MEMORY_REGION, *PMEMORY_REGION;

typedef struct _PORT_CONFIGURATION_INFORMATION {
    ULONG Length;
    ULONG SystemIoBusNumber;
    INTERFACE_TYPE AdapterInterfaceType;
    ULONG BusInterruptLevel;
    ULONG BusInterruptVector;
    KINTERRUPT_MODE InterruptMode;
    ULONG MaximumTransferLength;
    ULONG NumberOfPhysicalBreaks;
    ULONG DmaChannel;
    ULONG DmaPort;
    DMA_WIDTH DmaWidth;
    DMA_SPEED DmaSpeed;
    ULONG AlignmentMask;
    ULONG NumberOfAccessRanges;
    ACCESS_RANGE (*AccessRanges)[];
    PVOID MiniportDumpData; /* in dump mode: MiniportPrivateDumpData of the dump pointers */
    UCHAR NumberOfBuses;
    UCHAR InitiatorBusId[8];
    BOOLEAN ScatterGather;
    BOOLEAN Master;
    BOOLEAN CachesData;
    BOOLEAN AdapterScansDown;
    BOOLEAN AtdiskPrimaryClaimed;
    BOOLEAN AtdiskSecondaryClaimed;
    BOOLEAN Dma32BitAddresses;
    BOOLEAN DemandMode;
    UCHAR MapBuffers; /* STOR_MAP_* */
    BOOLEAN NeedPhysicalAddresses;
    BOOLEAN TaggedQueuing;
    BOOLEAN AutoRequestSense;
    BOOLEAN MultipleRequestPerLu;
    BOOLEAN ReceiveEvent;
    BOOLEAN RealModeInitialized;
    BOOLEAN BufferAccessScsiPortControlled;
    UCHAR MaximumNumberOfTargets;
    UCHAR SrbType; /* SRB_TYPE_* */
    UCHAR AddressType;
    ULONG SlotNumber;
    ULONG BusInterruptLevel2;
    ULONG BusInterruptVector2;
    KINTERRUPT_MODE InterruptMode2;
    ULONG DmaChannel2;
    ULONG DmaPort2;
    DMA_WIDTH DmaWidth2;
    DMA_SPEED DmaSpeed2;
    ULONG DeviceExtensionSize;
    ULONG SpecificLuExtensionSize;
    ULONG SrbExtensionSize;
    UCHAR Dma64BitAddresses;
    BOOLEAN ResetTargetSupported;
    UCHAR MaximumNumberOfLogicalUnits;
    BOOLEAN WmiDataProvider;
    STOR_SYNCHRONIZATION_MODEL SynchronizationModel;
    PVOID HwMSInterruptRoutine;
    ULONG InterruptSynchronizationMode;
    MEMORY_REGION DumpRegion;
    ULONG RequestedDumpBufferSize;
    BOOLEAN VirtualDevice;
    UCHAR DumpMode; /* DUMP_MODE_*; 0: the running system */
    UCHAR DmaAddressWidth;
    ULONG ExtendedFlags1;
    ULONG MaxNumberOfIO;
    ULONG MaxIOsPerLun;
    ULONG InitialLunQueueDepth;
    ULONG BusResetHoldTime; /* us */
    ULONG FeatureSupport;
} PORT_CONFIGURATION_INFORMATION, *PPORT_CONFIGURATION_INFORMATION;
C_ASSERT(FIELD_OFFSET(PORT_CONFIGURATION_INFORMATION, AccessRanges) == 0x38);
C_ASSERT(FIELD_OFFSET(PORT_CONFIGURATION_INFORMATION, MiniportDumpData) == 0x40);
C_ASSERT(FIELD_OFFSET(PORT_CONFIGURATION_INFORMATION, Dma64BitAddresses) == 0x90);
C_ASSERT(FIELD_OFFSET(PORT_CONFIGURATION_INFORMATION, SynchronizationModel) == 0x94);
C_ASSERT(FIELD_OFFSET(PORT_CONFIGURATION_INFORMATION, DumpRegion) == 0xa8);
C_ASSERT(FIELD_OFFSET(PORT_CONFIGURATION_INFORMATION, VirtualDevice) == 0xc4);
C_ASSERT(FIELD_OFFSET(PORT_CONFIGURATION_INFORMATION, FeatureSupport) == 0xdc);
C_ASSERT(sizeof(PORT_CONFIGURATION_INFORMATION) == 0xe0);

#define DUMP_MODE_CRASH       0x01
#define DUMP_MODE_HIBER       0x02
#define DUMP_MODE_MARK_MEMORY 0x03
#define DUMP_MODE_RESUME      0x04

#define STOR_MAP_NO_BUFFERS                       0
#define STOR_MAP_NON_READ_WRITE_BUFFERS           2
#define STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE 3

#define SRB_TYPE_SCSI_REQUEST_BLOCK    0
#define SRB_TYPE_STORAGE_REQUEST_BLOCK 1

/* --- "HW_INITIALIZATION_DATA structure (storport.h)" --- */

#define STOR_FEATURE_VIRTUAL_MINIPORT             0x00000001
#define STOR_FEATURE_FULL_PNP_DEVICE_CAPABILITIES 0x00000004
#define STOR_FEATURE_DUMP_POINTERS                0x00000008
#define STOR_FEATURE_DEVICE_NAME_NO_SUFFIX        0x00000010
#define SRB_TYPE_FLAG_SCSI_REQUEST_BLOCK          0x1
#define SRB_TYPE_FLAG_STORAGE_REQUEST_BLOCK       0x2
#define ADDRESS_TYPE_FLAG_BTL8                    0x1

/* "HW_FIND_ADAPTER callback (storport.h)": a miniport of hardware, and every one in dump mode. */
typedef ULONG HW_FIND_ADAPTER(PVOID DeviceExtension, PVOID HwContext, PVOID BusInformation,
                              PCHAR ArgumentString, PPORT_CONFIGURATION_INFORMATION ConfigInfo,
                              PBOOLEAN Reserved3);
/* "VIRTUAL_HW_FIND_ADAPTER callback (storport.h)". HwContext: the physical device object;
 * BusInformation: the functional one; LowerDevice: what that is attached to. PASSIVE_LEVEL. */
typedef ULONG VIRTUAL_HW_FIND_ADAPTER(PVOID DeviceExtension, PVOID HwContext, PVOID BusInformation,
                                      PVOID LowerDevice, PCHAR ArgumentString,
                                      PPORT_CONFIGURATION_INFORMATION ConfigInfo, PBOOLEAN Again);
typedef BOOLEAN HW_INITIALIZE(PVOID DeviceExtension);
typedef BOOLEAN HW_STARTIO(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb);
typedef BOOLEAN HW_RESET_BUS(PVOID DeviceExtension, ULONG PathId);
typedef SCSI_ADAPTER_CONTROL_STATUS
HW_ADAPTER_CONTROL(PVOID DeviceExtension, SCSI_ADAPTER_CONTROL_TYPE ControlType, PVOID Parameters);
typedef VOID HW_FREE_ADAPTER_RESOURCES(PVOID DeviceExtension);
typedef VOID HW_PROCESS_SERVICE_REQUEST(PVOID DeviceExtension, PVOID Irp);
typedef VOID HW_COMPLETE_SERVICE_IRP(PVOID DeviceExtension);
typedef VOID HW_INITIALIZE_TRACING(PVOID Arg1, PVOID Arg2);
typedef VOID HW_CLEANUP_TRACING(PVOID Arg1);
typedef VOID HW_TRACING_ENABLED(PVOID HwDeviceExtension, BOOLEAN Enabled);

/* "SCSI_UNIT_CONTROL_TYPE enumeration (storport.h)" */
typedef enum _SCSI_UNIT_CONTROL_TYPE {
    ScsiQuerySupportedUnitControlTypes,
    ScsiUnitUsage,
    ScsiUnitStart,
    ScsiUnitPower,
    ScsiUnitPoFxPowerInfo,
    ScsiUnitPoFxPowerRequired,
    ScsiUnitPoFxPowerActive,
    ScsiUnitPoFxPowerSetFState,
    ScsiUnitPoFxPowerControl,
    ScsiUnitRemove,
    ScsiUnitSurpriseRemoval,
    ScsiUnitControlMax = 17,
} SCSI_UNIT_CONTROL_TYPE;
typedef enum _SCSI_UNIT_CONTROL_STATUS {
    ScsiUnitControlSuccess,
    ScsiUnitControlUnsuccessful
} SCSI_UNIT_CONTROL_STATUS;
typedef SCSI_UNIT_CONTROL_STATUS
HW_UNIT_CONTROL(PVOID DeviceExtension, SCSI_UNIT_CONTROL_TYPE ControlType, PVOID Parameters);

typedef struct _HW_INITIALIZATION_DATA {
    ULONG HwInitializationDataSize;
    INTERFACE_TYPE AdapterInterfaceType;
    HW_INITIALIZE *HwInitialize;
    HW_STARTIO *HwStartIo;
    PHW_INTERRUPT HwInterrupt;
    PVOID HwFindAdapter; /* HW_FIND_ADAPTER or VIRTUAL_HW_FIND_ADAPTER */
    HW_RESET_BUS *HwResetBus;
    PHW_DMA_STARTED HwDmaStarted;
    PHW_ADAPTER_STATE HwAdapterState;
    ULONG DeviceExtensionSize;
    ULONG SpecificLuExtensionSize;
    ULONG SrbExtensionSize;
    ULONG NumberOfAccessRanges;
    PVOID Reserved;
    UCHAR MapBuffers;
    BOOLEAN NeedPhysicalAddresses;
    BOOLEAN TaggedQueuing;
    BOOLEAN AutoRequestSense;
    BOOLEAN MultipleRequestPerLu;
    BOOLEAN ReceiveEvent;
    USHORT VendorIdLength;
    PVOID VendorId;
    USHORT PortVersionFlags;
    USHORT DeviceIdLength;
    PVOID DeviceId;
    HW_ADAPTER_CONTROL *HwAdapterControl;
    PVOID HwBuildIo; /* NULL in a virtual miniport */
    HW_FREE_ADAPTER_RESOURCES *HwFreeAdapterResources;
    HW_PROCESS_SERVICE_REQUEST *HwProcessServiceRequest;
    HW_COMPLETE_SERVICE_IRP *HwCompleteServiceIrp;
    HW_INITIALIZE_TRACING *HwInitializeTracing;
    HW_CLEANUP_TRACING *HwCleanupTracing;
    HW_TRACING_ENABLED *HwTracingEnabled;
    ULONG FeatureSupport;
    ULONG SrbTypeFlags;
    ULONG AddressTypeFlags;
    ULONG Reserved1;
    HW_UNIT_CONTROL *HwUnitControl;
} HW_INITIALIZATION_DATA, *PHW_INITIALIZATION_DATA;
C_ASSERT(FIELD_OFFSET(HW_INITIALIZATION_DATA, HwAdapterControl) == 0x78);
C_ASSERT(FIELD_OFFSET(HW_INITIALIZATION_DATA, FeatureSupport) == 0xb8);
C_ASSERT(FIELD_OFFSET(HW_INITIALIZATION_DATA, HwUnitControl) == 0xc8);
C_ASSERT(sizeof(HW_INITIALIZATION_DATA) == 0xd0);

/* --- "SCSI_ADAPTER_CONTROL_TYPE enumeration (storport.h)": srb.h ends at 4. --- */
enum {
    StorAdapterPower = 6,
    StorAdapterPrepareForBusReScan = 11,
    StorAdapterSurpriseRemoval = 16,
};

/* --- "StorPortNotification function (storport.h)": types behind those of srb.h. --- */
enum {
    EnablePassiveInitialization = 0x1000,
    InitializeDpc = 0x1001,
    IssueDpc = 0x1002,
    AcquireSpinLock = 0x1003,
    ReleaseSpinLock = 0x1004,
};

/* --- "MINIPORT_DUMP_POINTERS structure (storport.h)" --- */

#define DUMP_MINIPORT_VERSION_1   0x0100
#define DUMP_MINIPORT_NAME_LENGTH 15
typedef struct _MINIPORT_DUMP_POINTERS {
    USHORT Version;
    USHORT Size;
    WCHAR DriverName[DUMP_MINIPORT_NAME_LENGTH];
    struct _ADAPTER_OBJECT *AdapterObject;
    PVOID MappedRegisterBase;
    ULONG CommonBufferSize;
    PVOID MiniportPrivateDumpData;
    ULONG SystemIoBusNumber;
    INTERFACE_TYPE AdapterInterfaceType;
    ULONG MaximumTransferLength;
    ULONG NumberOfPhysicalBreaks;
    ULONG AlignmentMask;
    ULONG NumberOfAccessRanges;
    ACCESS_RANGE (*AccessRanges)[];
    UCHAR NumberOfBuses;
    BOOLEAN Master;
    BOOLEAN MapBuffers;
    UCHAR MaximumNumberOfTargets;
} MINIPORT_DUMP_POINTERS, *PMINIPORT_DUMP_POINTERS;
C_ASSERT(FIELD_OFFSET(MINIPORT_DUMP_POINTERS, AdapterObject) == 40);
C_ASSERT(FIELD_OFFSET(MINIPORT_DUMP_POINTERS, MiniportPrivateDumpData) == 64);

/* --- "StorPortInitializePerfOpts function (storport.h)" --- */

#define STOR_PERF_DPC_REDIRECTION                        0x00000001
#define STOR_PERF_CONCURRENT_CHANNELS                    0x00000002
#define STOR_PERF_OPTIMIZE_FOR_COMPLETION_DURING_STARTIO 0x00000010
#define STOR_PERF_VERSION_2                              0x00000002
#define STOR_PERF_VERSION_4                              0x00000004

typedef struct _PERF_CONFIGURATION_DATA {
    ULONG Version;
    ULONG Size;
    ULONG Flags;
    ULONG ConcurrentChannels;
    ULONG FirstRedirectionMessageNumber, LastRedirectionMessageNumber;
    ULONG DeviceNode;
    ULONG Reserved;
    PGROUP_AFFINITY MessageTargets;
} PERF_CONFIGURATION_DATA, *PPERF_CONFIGURATION_DATA;
C_ASSERT(sizeof(PERF_CONFIGURATION_DATA) == 40);

/* --- Routines. --- */

#define STOR_STATUS_SUCCESS           0x00000000
#define STOR_STATUS_NOT_IMPLEMENTED   0xC1000002
#define STOR_STATUS_INVALID_PARAMETER 0xC1000006

/* What the extended routines of the header are, as numbers. Those that are used. */
enum { ExtFunctionInitializePerformanceOptimizations = 14 };

/* "StorPortInitialize function": an NTSTATUS. Arguments of DriverEntry; NULL in dump mode. */
ULONG NTAPI StorPortInitialize(PVOID Argument1, PVOID Argument2,
                               PHW_INITIALIZATION_DATA HwInitializationData, PVOID HwContext);
VOID __cdecl StorPortNotification(SCSI_NOTIFICATION_TYPE NotificationType, PVOID HwDeviceExtension,
                                  ...);
ULONG __cdecl StorPortExtendedFunction(ULONG FunctionCode, PVOID HwDeviceExtension, ...);
VOID NTAPI StorPortStallExecution(ULONG Microseconds);

/* PASSIVE_LEVEL or DIRQL, from HwInitialize. Query TRUE: Data->Flags become what is supported. */
static inline ULONG StorPortInitializePerfOpts(PVOID HwDeviceExtension, BOOLEAN Query,
                                               PPERF_CONFIGURATION_DATA Data)
{
    return StorPortExtendedFunction(ExtFunctionInitializePerformanceOptimizations,
                                    HwDeviceExtension, (ULONG)Query, Data);
}

#endif
