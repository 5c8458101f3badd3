/* SPDX-License-Identifier: BSD-2-Clause */
/* The words for vchan_status.h. */
#include "core/vchan/vchan_status.h"

const char *vchan_status_text(int status)
{
    switch (status) {
    case VCHAN_OK:
        return "success";
    case VCHAN_GONE:
        return "the peer is gone";
    case VCHAN_BAD_PEER:
        return "the peer broke the vchan protocol";
    case VCHAN_TOO_BIG:
        return "more than the ring holds";
    case VCHAN_BAD_ARGUMENT:
        return "bad argument";
    case VCHAN_NO_MEMORY:
        return "no memory, grants or event channels left";
    case VCHAN_NO_DOMAIN:
        return "no such domain";
    case VCHAN_NO_SERVER:
        return "no server at that path";
    case VCHAN_DENIED:
        return "permission denied";
    case VCHAN_NOT_CONNECTED:
        return "not connected yet";
    case VCHAN_INTERRUPTED:
        return "interrupted by a signal";
    case VCHAN_NO_XEN:
        return "Xen's devices are not available";
    default:
        return "system error";
    }
}
