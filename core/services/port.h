/* SPDX-License-Identifier: BSD-2-Clause */
/* The argument of qubes.ConnectTCP: a TCP port of this machine, and no other machine's. */
#ifndef CASEMENT_SERVICES_PORT_H
#define CASEMENT_SERVICES_PORT_H

#include <stdbool.h>
#include <stdint.h>

/* text: 1 to 65535 in decimal digits, without a leading zero and with nothing else. */
bool port_parse(const char *text, uint16_t *port);

#endif
