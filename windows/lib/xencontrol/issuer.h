/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thread that issues the requests that pend for as long as pages are shared. NT cancels a
 * thread's requests when it ends, and with the request the driver ends the sharing; so a grant must
 * not be issued on whatever thread happens to call. The thread starts with the first sharing of a
 * session and ends with the session.
 */
#ifndef XENCONTROL_ISSUER_H
#define XENCONTROL_ISSUER_H

#include "request.h"

typedef struct _XC_ISSUER {
    HANDLE Device; /* borrowed */
    SRWLOCK Turn;  /* one caller at a time */
    HANDLE Thread; /* NULL until it is needed */
    HANDLE Work;   /* auto-reset: Request is to be sent; NULL Request: end */
    HANDLE Done;   /* auto-reset: Result is there */
    ULONG Code;
    XC_REQUEST *Request;
    DWORD Result;
} XC_ISSUER;

void IssuerInit(_Out_ XC_ISSUER *Issuer, _In_ HANDLE Device);
/* As RequestSend(), but the request outlives the calling thread. Waits until it was sent. */
DWORD IssuerSend(_Inout_ XC_ISSUER *Issuer, _In_ ULONG Code, _Inout_ XC_REQUEST *Request);
/* No request that it sent is pending any more. */
void IssuerStop(_Inout_ XC_ISSUER *Issuer);

#endif
