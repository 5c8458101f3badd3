/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How vchan calls end. One enum for the core and the platform files; the libraries' entry points
 * turn it into errno or GetLastError(). Calls that count bytes return the count or a (negative)
 * status.
 */
#ifndef VCHAN_STATUS_H
#define VCHAN_STATUS_H

enum vchan_status {
    VCHAN_OK = 0,
    VCHAN_GONE = -1,          /* the peer closed or died */
    VCHAN_BAD_PEER = -2,      /* the peer broke the protocol */
    VCHAN_TOO_BIG = -3,       /* more than the ring holds */
    VCHAN_BAD_ARGUMENT = -4,  /* the caller's mistake */
    VCHAN_NO_MEMORY = -5,     /* of this process or of Xen: pages, grants, ports */
    VCHAN_NO_DOMAIN = -6,     /* there is no such domain */
    VCHAN_NO_SERVER = -7,     /* nothing is offered at that path, or not any more */
    VCHAN_DENIED = -8,        /* no right to use Xen's devices, or that path */
    VCHAN_NOT_CONNECTED = -9, /* not before the connection is made */
    VCHAN_SYSTEM = -10,       /* another failure of the system; the port kept its code */
    VCHAN_INTERRUPTED = -11,  /* a signal ended the wait */
    VCHAN_NO_XEN = -12,       /* Xen's devices or libraries are not there */
};

/* A short sentence for logs; never NULL. */
const char *vchan_status_text(int status);

#endif
