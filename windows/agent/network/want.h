/* SPDX-License-Identifier: BSD-2-Clause */
/* What dom0 wants of this qube's network: QubesDB's keys and the vif together. */
#pragma once

#include "core/netconfig/plan.h"
#include "windows/agent/common/follow.h"
#include "windows/agent/network/vif.h"

/* Wanted has the MAC address of the vif that was seen last when it goes in, or all zero. */
VIF_STATE NetworkWant(_In_ qdb_handle_t Db, _Inout_ VIF *Vif,
                      _Inout_ struct netconfig_wanted *Wanted);
