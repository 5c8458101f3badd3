/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where things are. Programs are found from the place of the running one (/proc/self/exe), in the
 * build tree or installed, or under CASEMENT_LIBDIR; no path of the build machine is compiled in.
 *
 *              build tree (top = build/)            installed (top = <prefix>/lib/casement/)
 *   dom0       linux/linux/dom0/                    .                casementd, casement-rpc, ...
 *   simxen     linux/linux/simxen/                  .                simxen, lib/
 *   vchan      linux/linux/vchan/                   lib/             libvchan.so, libxenvchan.so
 *   xen        debian-xen/{bin,lib}                 debian-xen/...
 *   windows    windows/windows/                     windows/
 *
 * State, kept between runs: $CASEMENT_HOME or ~/.local/state/casement. Run-time: $CASEMENT_RUNTIME,
 * $CASEMENT_HOME/run when that is set, $XDG_RUNTIME_DIR/casement, or /tmp/casement-<uid>.
 */
#ifndef CASEMENT_LAYOUT_H
#define CASEMENT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

struct layout {
    char *dom0, *simxen, *vchan, *xen, *windows; /* folders with programs */
    char *home, *runtime;                        /* absolute */
    bool real_dom0; /* this machine has a xenstored of its own: no simxen here */
};

/* Fills all members and makes home and runtime (mode 0700, owned by this user, else an error).
 * 0 or -errno, with a message on stderr. Free with layout_free(). */
int layout_find(struct layout *layout);
void layout_free(struct layout *layout);

/* A new string "<folder>/<rest>" (printf-like rest); ends the program when out of memory. */
__attribute__((format(printf, 2, 3))) char *path_join(const char *folder, const char *format, ...);
bool path_exists(const char *path);

#endif
