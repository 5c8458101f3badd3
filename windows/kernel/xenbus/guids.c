/* SPDX-License-Identifier: BSD-2-Clause */
/* The one place where the GUIDs of xenbus's services are defined. */
#include <initguid.h>
#include <xenbus/debug.h>
#include <xenbus/evtchn.h>
#include <xenbus/gnttab.h>
#include <xenbus/shared_info.h>
#include <xenbus/store.h>
#include <xenbus/suspend.h>
#include <xenbus/unplug.h>
