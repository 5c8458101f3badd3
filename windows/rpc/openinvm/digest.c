/* SPDX-License-Identifier: BSD-2-Clause */
/* See digest.h. */
#include <windows.h>
#include <bcrypt.h>
#include "windows/rpc/openinvm/digest.h"

static DWORD AddFile(_In_ BCRYPT_HASH_HANDLE Hash, _In_ HANDLE File)
{
    static BYTE Bytes[65536];
    DWORD Count;

    for (;;) {
        if (!ReadFile(File, Bytes, sizeof(Bytes), &Count, NULL))
            return GetLastError();
        if (Count == 0)
            return ERROR_SUCCESS;
        if (BCryptHashData(Hash, Bytes, Count, 0))
            return ERROR_GEN_FAILURE;
    }
}

DWORD DigestOfFile(_In_ HANDLE File, _Out_writes_(DIGEST_BYTES) BYTE *Sum)
{
    const LARGE_INTEGER Beginning = {.QuadPart = 0};
    BCRYPT_ALG_HANDLE Algorithm;
    BCRYPT_HASH_HANDLE Hash;
    DWORD Error = ERROR_GEN_FAILURE;

    if (!SetFilePointerEx(File, Beginning, NULL, FILE_BEGIN))
        return GetLastError();
    if (BCryptOpenAlgorithmProvider(&Algorithm, BCRYPT_SHA256_ALGORITHM, NULL, 0))
        return ERROR_NOT_SUPPORTED;
    if (!BCryptCreateHash(Algorithm, &Hash, NULL, 0, NULL, 0, 0)) {
        Error = AddFile(Hash, File);
        if (!Error && BCryptFinishHash(Hash, Sum, DIGEST_BYTES, 0))
            Error = ERROR_GEN_FAILURE;
        BCryptDestroyHash(Hash);
    }
    BCryptCloseAlgorithmProvider(Algorithm, 0);
    if (!Error && !SetFilePointerEx(File, Beginning, NULL, FILE_BEGIN))
        Error = GetLastError();
    return Error;
}
