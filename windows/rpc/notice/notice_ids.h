/* SPDX-License-Identifier: BSD-2-Clause */
/* What is in the window of notice.rc; the resource compiler reads this too. */
#pragma once

#define NOTICE_DIALOG 100
#define NOTICE_TEXT   101
#define NOTICE_BAR    102
#define NOTICE_BUTTON 1 /* IDOK: Enter presses it */
