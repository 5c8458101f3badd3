/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves, on an NT implementation that nobody here wrote, that both drivers are installed by their
 * INF files, load, find each other through xenstore's child and IRP_MN_QUERY_INTERFACE, and serve
 * the shipped xencontrol.dll; and that control codes with wrong sizes come back as errors.
 *
 *     drivers_test XENBUS.INF XENIFACE.INF
 *
 * It talks to run.sh by its lines: after "plug" the script plugs a disk into the machine (Wine asks
 * a bus for its children when it is told that they changed, and not after its start); after
 * "watching" it changes the watched key from domain 0.
 */
#define INITGUID
#include <windows.h>
#include <cfgmgr32.h>
#include <dbt.h>
#include <newdev.h>
#include <setupapi.h>
#include <stdio.h>
#include <string.h>

#include "tests/wine/expect.h"
#include "xencontrol.h"

static const WCHAR RootId[] = L"ROOT\\CASEMENT_XENBUS";

/* --- Installation */

static void MakeRootDevice(void)
{
    static const WCHAR Ids[] = L"ROOT\\CASEMENT_XENBUS\0"; /* multi-sz */
    static const GUID System = {
        0x4d36e97d, 0xe325, 0x11ce, {0xbf, 0xc1, 0x08, 0x00, 0x2b, 0xe1, 0x03, 0x18}};
    HDEVINFO Set = SetupDiCreateDeviceInfoList(&System, NULL);
    SP_DEVINFO_DATA Device = {.cbSize = sizeof(Device)};

    EXPECT(Set != INVALID_HANDLE_VALUE);
    EXPECT(SetupDiCreateDeviceInfoW(Set, L"ROOT\\CASEMENT_XENBUS\\0000", &System, NULL, NULL, 0,
                                    &Device));
    EXPECT(SetupDiSetDeviceRegistryPropertyW(Set, &Device, SPDRP_HARDWAREID, (const BYTE *)Ids,
                                             sizeof(Ids)));
    EXPECT(SetupDiCallClassInstaller(DIF_REGISTERDEVICE, Set, &Device));
    SetupDiDestroyDeviceInfoList(Set);
}

/* --- The device's arrival */

static BOOL Arrived;

static LRESULT CALLBACK OnMessage(HWND Window, UINT Message, WPARAM W, LPARAM L)
{
    if (Message == WM_DEVICECHANGE && W == DBT_DEVICEARRIVAL)
        Arrived = TRUE;
    return DefWindowProcW(Window, Message, W, L);
}

static HWND ListenForArrival(void)
{
    WNDCLASSW Class = {.lpfnWndProc = OnMessage, .lpszClassName = L"arrival"};
    DEV_BROADCAST_DEVICEINTERFACE_W Filter = {.dbcc_size = sizeof(Filter),
                                              .dbcc_devicetype = DBT_DEVTYP_DEVICEINTERFACE,
                                              .dbcc_classguid = GUID_INTERFACE_XENIFACE};
    HWND Window;

    RegisterClassW(&Class);
    Window = CreateWindowW(L"arrival", L"", 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
    EXPECT(Window != NULL);
    EXPECT(RegisterDeviceNotificationW(Window, &Filter, DEVICE_NOTIFY_WINDOW_HANDLE) != NULL);
    return Window;
}

static void WaitForArrival(void)
{
    DWORD End = GetTickCount() + 60000;
    MSG Message;

    while (!Arrived && (LONG)(End - GetTickCount()) > 0) {
        MsgWaitForMultipleObjects(0, NULL, FALSE, End - GetTickCount(), QS_ALLINPUT);
        while (PeekMessageW(&Message, NULL, 0, 0, PM_REMOVE))
            DispatchMessageW(&Message);
    }
    EXPECT(Arrived);
}

/* A file's full name. */
static WCHAR *Wide(const char *Text)
{
    static WCHAR Buffers[2][MAX_PATH];
    static int Next;
    WCHAR *Buffer = Buffers[Next++ % 2], Given[MAX_PATH];

    MultiByteToWideChar(CP_ACP, 0, Text, -1, Given, MAX_PATH);
    GetFullPathNameW(Given, MAX_PATH, Buffer, NULL); /* with backslashes */
    return Buffer;
}

static const char *XenbusInf, *XenifaceInf;

static void TheDriversAreInstalledByTheirInfs(void)
{
    BOOL Reboot = FALSE;

    ListenForArrival();
    EXPECT(SetupCopyOEMInfW(Wide(XenifaceInf), NULL, SPOST_PATH, 0, NULL, 0, NULL, NULL));
    MakeRootDevice();
    EXPECT(UpdateDriverForPlugAndPlayDevicesW(NULL, RootId, Wide(XenbusInf), INSTALLFLAG_FORCE,
                                              &Reboot));
    printf("plug\n");
    fflush(stdout);
    WaitForArrival();
}

/* --- XenStore */

static void StoreIsReadAndWritten(void)
{
    PXENCONTROL_CONTEXT Xc = NULL;
    CHAR Text[64];

    EXPECT_EQUAL(XcOpen(NULL, &Xc), ERROR_SUCCESS);
    EXPECT_EQUAL(XcStoreRead(Xc, "name", sizeof(Text), Text), ERROR_SUCCESS);
    EXPECT(strcmp(Text, "win") == 0);
    EXPECT_EQUAL(XcStoreWrite(Xc, "data/wine", "from the driver"), ERROR_SUCCESS);
    EXPECT_EQUAL(XcStoreRead(Xc, "data/wine", sizeof(Text), Text), ERROR_SUCCESS);
    EXPECT(strcmp(Text, "from the driver") == 0);
    EXPECT_EQUAL(XcStoreRead(Xc, "data/none", sizeof(Text), Text), ERROR_FILE_NOT_FOUND);
    EXPECT_EQUAL(XcStoreWrite(Xc, "/tool/x", "x"), ERROR_ACCESS_DENIED);
    EXPECT_EQUAL(XcStoreRead(Xc, "data/wine", 3, Text), ERROR_INVALID_PARAMETER);
    EXPECT_EQUAL(XcStoreWrite(Xc, "data/list/one", "1"), ERROR_SUCCESS);
    EXPECT_EQUAL(XcStoreWrite(Xc, "data/list/two", "2"), ERROR_SUCCESS);
    EXPECT_EQUAL(XcStoreDirectory(Xc, "data/list", sizeof(Text), Text), ERROR_SUCCESS);
    EXPECT(memcmp(Text, "one\0two\0", 9) == 0);
    EXPECT_EQUAL(XcStoreRemove(Xc, "data/list"), ERROR_SUCCESS);
    EXPECT_EQUAL(XcStoreDirectory(Xc, "data/list", sizeof(Text), Text), ERROR_FILE_NOT_FOUND);
    XcClose(Xc);
}

static void AWatchFires(void)
{
    PXENCONTROL_CONTEXT Xc = NULL;
    HANDLE Event = CreateEventW(NULL, FALSE, FALSE, NULL);
    PVOID Watch = NULL;
    CHAR Text[64];

    EXPECT_EQUAL(XcOpen(NULL, &Xc), ERROR_SUCCESS);
    EXPECT_EQUAL(XcStoreAddWatch(Xc, "data/watched", Event, &Watch), ERROR_SUCCESS);
    EXPECT_EQUAL(WaitForSingleObject(Event, 30000), WAIT_OBJECT_0); /* the first */
    printf("watching\n");
    fflush(stdout);
    EXPECT_EQUAL(WaitForSingleObject(Event, 30000), WAIT_OBJECT_0);
    EXPECT_EQUAL(XcStoreRead(Xc, "data/watched", sizeof(Text), Text), ERROR_SUCCESS);
    EXPECT(strcmp(Text, "now") == 0);
    EXPECT_EQUAL(XcStoreRemoveWatch(Xc, Watch), ERROR_SUCCESS);
    EXPECT_EQUAL(XcStoreRemoveWatch(Xc, Watch), ERROR_NOT_FOUND);
    XcClose(Xc);
    CloseHandle(Event);
}

/* --- Event channels: what Wine can do of them */

static void PortsOpenAndClose(void)
{
    PXENCONTROL_CONTEXT Xc = NULL;
    HANDLE Event = CreateEventW(NULL, FALSE, FALSE, NULL);
    ULONG Port = 0;

    EXPECT_EQUAL(XcOpen(NULL, &Xc), ERROR_SUCCESS);
    EXPECT_EQUAL(XcEvtchnOpenUnbound(Xc, 0, Event, FALSE, &Port), ERROR_SUCCESS);
    EXPECT(Port != 0);
    EXPECT_EQUAL(XcEvtchnNotify(Xc, Port), ERROR_SUCCESS);
    EXPECT_EQUAL(XcEvtchnClose(Xc, Port), ERROR_SUCCESS);
    EXPECT_EQUAL(XcEvtchnNotify(Xc, Port), ERROR_NOT_FOUND);
    XcClose(Xc);
    CloseHandle(Event);
}

/* --- Control codes by hand */

static HANDLE OpenDevice(void)
{
    CHAR Buffer[1024];
    SP_DEVICE_INTERFACE_DETAIL_DATA_A *Detail = (void *)Buffer;
    SP_DEVICE_INTERFACE_DATA Interface = {.cbSize = sizeof(Interface)};
    HDEVINFO Set = SetupDiGetClassDevsW(&GUID_INTERFACE_XENIFACE, NULL, NULL,
                                        DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
    HANDLE Handle;

    EXPECT(SetupDiEnumDeviceInterfaces(Set, NULL, &GUID_INTERFACE_XENIFACE, 0, &Interface));
    Detail->cbSize = sizeof(*Detail);
    EXPECT(SetupDiGetDeviceInterfaceDetailA(Set, &Interface, Detail, sizeof(Buffer), NULL, NULL));
    SetupDiDestroyDeviceInfoList(Set);
    Handle = CreateFileA(Detail->DevicePath, GENERIC_READ | GENERIC_WRITE,
                         FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    EXPECT(Handle != INVALID_HANDLE_VALUE);
    return Handle;
}

/* Structures that are full of zeros, at every size: each is refused. */
static const struct {
    ULONG Code, In, Out;
} Fixed[] = {
    {IOCTL_XENIFACE_STORE_SET_PERMISSIONS, 24, 0},
    {IOCTL_XENIFACE_STORE_ADD_WATCH, 24, 8},
    {IOCTL_XENIFACE_STORE_REMOVE_WATCH, 8, 0},
    {IOCTL_XENIFACE_EVTCHN_BIND_INTERDOMAIN, 24, 4},
    {IOCTL_XENIFACE_EVTCHN_BIND_UNBOUND, 16, 4},
    {IOCTL_XENIFACE_EVTCHN_CLOSE, 4, 0},
    {IOCTL_XENIFACE_EVTCHN_NOTIFY, 4, 0},
    {IOCTL_XENIFACE_EVTCHN_UNMASK, 4, 0},
    {IOCTL_XENIFACE_EVTCHN_QUERY_PEER, 4, 0},
    {IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS, 24, 12},
    {IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS, 4, 0},
    {IOCTL_XENIFACE_GNTTAB_MAP_FOREIGN_PAGES, 28, 8},
    {IOCTL_XENIFACE_GNTTAB_UNMAP_FOREIGN_PAGES, 4, 0},
    {IOCTL_XENIFACE_GNTTAB_PERMIT_FOREIGN_ACCESS_V2, 32, 12},
    {IOCTL_XENIFACE_GNTTAB_REVOKE_FOREIGN_ACCESS_V2, 8, 0},
    {IOCTL_XENIFACE_GNTTAB_MAP_FOREIGN_PAGES_V2, 24, 8},
    {IOCTL_XENIFACE_GNTTAB_UNMAP_FOREIGN_PAGES_V2, 8, 0},
    {IOCTL_XENIFACE_SUSPEND_REGISTER, 8, 8},
    {IOCTL_XENIFACE_SUSPEND_DEREGISTER, 8, 0},
};

static void BadSizesAreErrors(void)
{
    HANDLE Handle = OpenDevice();
    BYTE In[64] = {0}, Out[64];
    DWORD Returned;

    for (ULONG Index = 0; Index < ARRAYSIZE(Fixed); Index++) {
        for (ULONG InSize = 0; InSize <= 40; InSize++) {
            for (ULONG OutSize = 0; OutSize <= 20; OutSize++) {
                memset(Out, 0x55, sizeof(Out));
                EXPECT(!DeviceIoControl(Handle, Fixed[Index].Code, In, InSize, Out, OutSize,
                                        &Returned, NULL));
                if (InSize < Fixed[Index].In || OutSize < Fixed[Index].Out)
                    EXPECT_EQUAL(GetLastError(), ERROR_INVALID_USER_BUFFER);
            }
        }
    }
    CloseHandle(Handle);
}

static void UnknownCodesAreErrors(void)
{
    HANDLE Handle = OpenDevice();
    BYTE In[64] = {0}, Out[64];
    DWORD Returned;

    for (ULONG Function = 0x700; Function < 0x900; Function++) {
        ULONG Code = XENIFACE_CTL_CODE(Function, 2u); /* no code of the contract has this method */

        EXPECT(!DeviceIoControl(Handle, Code, In, 24, Out, 8, &Returned, NULL));
        EXPECT_EQUAL(GetLastError(), ERROR_INVALID_FUNCTION);
    }
    CloseHandle(Handle);
}

static void ClockCountAndLog(void)
{
    HANDLE Handle = OpenDevice();
    XENIFACE_SHAREDINFO_GET_TIME_OUT Time;
    FILETIME Now;
    ULONG Count = 1;
    DWORD Returned;
    LONGLONG Difference;

    EXPECT(DeviceIoControl(Handle, IOCTL_XENIFACE_SUSPEND_GET_COUNT, NULL, 0, &Count, sizeof(Count),
                           &Returned, NULL));
    EXPECT_EQUAL(Count, 0);
    EXPECT(DeviceIoControl(Handle, IOCTL_XENIFACE_SHAREDINFO_GET_TIME, NULL, 0, &Time, sizeof(Time),
                           &Returned, NULL));
    EXPECT_EQUAL(Returned, 12);
    GetSystemTimeAsFileTime(&Now);
    Difference = ((LONGLONG)Now.dwHighDateTime << 32 | Now.dwLowDateTime) -
                 ((LONGLONG)Time.Time.dwHighDateTime << 32 | Time.Time.dwLowDateTime);
    /* Within a day: Xen's clock is UTC, or local time as the machine's is kept. */
    EXPECT(Difference > -864000000000LL && Difference < 864000000000LL);
    EXPECT(DeviceIoControl(Handle, IOCTL_XENIFACE_LOG, "hello from Wine", 16, NULL, 0, &Returned,
                           NULL));
    CloseHandle(Handle);
}

int main(int Count, char **Arguments)
{
    if (Count != 3)
        return 2;
    XenbusInf = Arguments[1];
    XenifaceInf = Arguments[2];
    RUN(TheDriversAreInstalledByTheirInfs);
    RUN(StoreIsReadAndWritten);
    RUN(AWatchFires);
    RUN(PortsOpenAndClose);
    RUN(BadSizesAreErrors);
    RUN(UnknownCodesAreErrors);
    RUN(ClockCountAndLog);
    return 0;
}
