/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "clock.h"
#include "partner.h"
#include "print.h"
#include "store.h"
#include "test.h"

enum { LINE_BYTES = 1600 };

static unsigned number;
static char line[LINE_BYTES];
static struct store_watch watch;
static bool lost; /* it did not answer once: later tests shall not wait as well */

static void begin_list(const char *format, va_list arguments)
{
    char ask[512];
    int length = snprintf(ask, sizeof ask, "%u ", ++number);

    if (lost)
        test_fail(__FILE__, __LINE__, "the partner is still busy with an earlier question");
    if (!watch.added)
        CHECK_EQUAL(store_watch(&watch, "data/partner/answer"), XS_OK);
    vsnprintf(ask + length, sizeof ask - (size_t)length, format, arguments);
    CHECK_EQUAL(store_write(NULL, "data/partner/ask", ask), XS_OK);
}

void partner_begin(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    begin_list(format, arguments);
    va_end(arguments);
}

const char *partner_end(void)
{
    for (;;) {
        uint32_t seen = watch.fired;
        char *end;

        if (store_read(NULL, "data/partner/answer", line, sizeof line) == XS_OK &&
            strtoul(line, &end, 10) == number && *end == ' ')
            return end + 1;
        if (store_watch_wait(&watch, seen + 1, WAIT_MS))
            continue;
        lost = true;
        test_fail(__FILE__, __LINE__, "the partner does not answer question %u", number);
    }
}

const char *partner_ask(const char *format, ...)
{
    va_list arguments;
    const char *answer;

    va_start(arguments, format);
    begin_list(format, arguments);
    va_end(arguments);
    answer = partner_end();
    if (*answer == '-')
        test_fail(__FILE__, __LINE__, "the partner failed at \"%s\": errno %s", format, answer + 1);
    return answer;
}

long partner_number(const char *format, ...)
{
    va_list arguments;
    const char *answer;

    va_start(arguments, format);
    begin_list(format, arguments);
    va_end(arguments);
    answer = partner_end();
    return *answer == '-' ? -(long)strtoul(answer + 1, NULL, 10) : (long)strtoul(answer, NULL, 10);
}
