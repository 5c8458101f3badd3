/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_NT_XENIFACE_VCHAN_BENCH_H
#define TESTS_NT_XENIFACE_VCHAN_BENCH_H

#include "core/vchan/vchan_port.h"
#include "program.h"

/* The program's one port, on its open handle of the device. */
struct vchan_port *vchan_bench_open(HANDLE handle);

#endif
