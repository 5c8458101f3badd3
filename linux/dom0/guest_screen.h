/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest under Wine has for a graphics card: an X server that nobody looks at (Xvfb), and
 * xcompmgr on it, which makes the server keep the whole of every window, covered or not. The
 * guest's GUI agent reads them there.
 */
#ifndef CASEMENT_GUEST_SCREEN_H
#define CASEMENT_GUEST_SCREEN_H

/* Starts both with *environment, and so with the guest's mark: they end with the guest. Sets
 * DISPLAY in it. 0 or -errno after a message. */
int guest_screen_start(char ***environment, const char *log);

#endif
