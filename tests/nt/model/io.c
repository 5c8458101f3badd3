/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The upper half of the model as a whole: what must be there before the first driver, and what must
 * be gone after the last.
 */
#include "model/io.h"
#include "model/device.h"
#include "model/irp.h"
#include "model/machine.h"
#include "model/object.h"
#include "model/mm.h"
#include "model/process.h"
#include "model/user_memory.h"

static void check_end(void)
{
    irp_check_leaks();
    symlink_check_leaks();
    handle_check_leaks();
    process_check_end();
    object_check_leaks();
    mdl_check_end();
    io_space_check_end();
    contiguous_check_end();
}

void io_start(void)
{
    static struct end_check at_end = {.run = check_end};

    process_system();
    user_memory_start();
    machine_at_end(&at_end);
}
