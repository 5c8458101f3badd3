/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes from a GUI daemon into the agent's model, which has some windows: every event has a
 * window that is there and numbers in their ranges, and whatever the daemon said, what the model
 * answers can be read by a daemon and breaks none of its rules. The first byte says how the input
 * is cut.
 */
#include "core/gui/model.h"
#include "linux/dom0/gui/rules.h"

#include <stdlib.h>

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

enum { WINDOWS = 3 };

struct agent {
    struct gui_model model;
    struct gui_window windows[WINDOWS];
    struct gui_image images[WINDOWS];
    struct gui_decoder daemon;
    struct rules rules;
    uint8_t body[GUI_AGENT_BODY_MAX], daemon_body[4096];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t refs[1] = {8};

static void add_windows(struct agent *agent)
{
    for (int i = 0; i < WINDOWS; i++) {
        struct gui_window *window = &agent->windows[i];

        gui_window_add(&agent->model, window, i ? GUI_ORDINARY : GUI_SCREEN,
                       &(struct gui_place){i, i, 20, 20});
        agent->images[i] =
            (struct gui_image){.width = 20, .height = 20, .refs = refs, .ref_count = 1};
        gui_window_image(&agent->model, window, &agent->images[i]);
        gui_window_show(&agent->model, window, true);
    }
}

static void check_event(struct agent *agent, const struct gui_event *event)
{
    struct gui_window *window = event->window;

    REQUIRE(!window || (window >= agent->windows && window < agent->windows + WINDOWS));
    switch (event->type) {
    case GUI_EVENT_CONFIGURE:
        REQUIRE(event->place.width >= 1 && event->place.width <= GUI_WIDTH_MAX);
        REQUIRE(event->place.height >= 1 && event->place.height <= GUI_HEIGHT_MAX);
        gui_window_place(&agent->model, window, &event->place);
        gui_window_answer(&agent->model, window);
        break;
    case GUI_EVENT_KEY:
        REQUIRE(event->key.keycode < 256 && abs(event->key.x) <= GUI_WIDTH_MAX);
        break;
    case GUI_EVENT_BUTTON:
        REQUIRE(event->button.button >= 1 && event->button.button <= 32);
        break;
    case GUI_EVENT_FLAGS:
        REQUIRE(!(event->flags.set & event->flags.unset));
        break;
    case GUI_EVENT_CLOSE:
        gui_window_remove(&agent->model, window);
        break;
    case GUI_EVENT_CLIPBOARD_REQUEST:
        gui_model_clipboard(&agent->model, agent->body, 100);
        break;
    default:
        break;
    }
}

static void daemon_reads(struct agent *agent)
{
    const uint8_t *bytes;
    size_t size;
    struct gui_message message;

    while ((size = gui_model_output(&agent->model, &bytes)) != 0) {
        gui_model_sent(&agent->model, size);
        while (gui_decode(&agent->daemon, &bytes, &size, &message) == GUI_MESSAGE) {
            if (message.type == 0 || message.type == GUI_CLIPBOARD_DATA)
                continue;
            const struct rules_step step = rules_take(&agent->rules, &message);
            REQUIRE(step.verdict == RULES_DO);
            if (message.type == GUI_DESTROY)
                rules_drop(&agent->rules, step.window);
        }
        REQUIRE(!agent->daemon.error);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct agent *agent = calloc(1, sizeof(*agent));
    struct rules_window *window;
    struct gui_event event;

    gui_model_init(&agent->model, GUI_VERSION, agent->body);
    gui_decoder_init(&agent->daemon, GUI_AT_DAEMON, GUI_VERSION, agent->daemon_body,
                     sizeof(agent->daemon_body));
    add_windows(agent);
    gui_model_connected(&agent->model);
    daemon_reads(agent);
    const size_t step = size ? (size_t)data[0] + 1 : 1;
    for (size_t at = 1; at < size; at += step) {
        const uint8_t *bytes = data + at;
        size_t left = size - at < step ? size - at : step;

        while (gui_model_feed(&agent->model, &bytes, &left, &event) == GUI_MESSAGE)
            check_event(agent, &event);
        daemon_reads(agent);
    }
    while ((window = rules_any(&agent->rules)))
        rules_drop(&agent->rules, window);
    free(agent);
    return 0;
}
