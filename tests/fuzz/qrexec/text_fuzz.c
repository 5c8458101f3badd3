/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The texts that come with a call: rpc-config files, coded VMExec arguments and their quoting into
 * a Windows command line, file names.
 */
#include <stdlib.h>
#include <string.h>
#include "core/qrexec/arguments.h"
#include "core/qrexec/command.h"
#include "core/qrexec/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qrexec_rpc_config config;
    char out[8192], code[8192 * 3], line[32768] = "";

    if (size > 4096)
        return 0;
    char *const text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = 0;
    qrexec_parse_rpc_config(text, size, &config);
    qrexec_windows_file_name_ok(text, size);
    const size_t count = qrexec_decode_vmexec(text, out, strlen(text) + 1);
    if (count) {
        if (!qrexec_encode_vmexec(out, count, code, sizeof(code)) && strlen(text) > 0)
            abort();
        const char *argument = out;
        for (size_t i = 0; i < count; i++, argument += strlen(argument) + 1)
            if (!qrexec_append_argument(line, sizeof(line), argument, false))
                abort();
    }
    free(text);
    return 0;
}
