/* SPDX-License-Identifier: BSD-2-Clause */
/* See agent.h. */
#include "agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "the agent: %s failed\n", what);
    exit(1);
}

void agent_open(struct agent *agent)
{
    memset(agent, 0, sizeof(*agent));
    agent->body = malloc(GUI_AGENT_BODY_MAX);
    agent->share = xengntshr_open(NULL, 0);
    agent->obey = true;
    require(agent->body && agent->share, "opening");
    gui_model_init(&agent->model, GUI_VERSION, agent->body);
}

void agent_listen(struct agent *agent)
{
    if (agent->vchan) {
        libvchan_close(agent->vchan);
        gui_model_disconnected(&agent->model);
    }
    agent->vchan = libvchan_server_init(0, GUI_PORT, GUI_RING_BYTES, GUI_RING_BYTES);
    require(agent->vchan, "listening");
    libvchan_set_blocking(agent->vchan, false);
    gui_model_connected(&agent->model);
}

static void hear(struct agent *agent, const struct gui_event *event)
{
    if (agent->event_count == EVENTS_MAX) {
        memmove(agent->events, agent->events + 1, sizeof(agent->events) - sizeof(*agent->events));
        agent->event_count--;
    }
    agent->events[agent->event_count++] = *event;
    if (event->type == GUI_EVENT_CLIPBOARD) {
        agent->pasted_bytes = event->text.size_bytes;
        memcpy(agent->pasted, event->text.bytes,
               event->text.size_bytes < sizeof(agent->pasted) ? event->text.size_bytes
                                                              : sizeof(agent->pasted));
    }
    if (event->type == GUI_EVENT_CONFIGURE && agent->obey) {
        gui_window_place(&agent->model, event->window, &event->place);
        gui_window_answer(&agent->model, event->window);
    }
}

static void take(struct agent *agent)
{
    uint8_t bytes[4096];
    int got;

    while ((got = libvchan_read(agent->vchan, bytes, sizeof(bytes))) > 0) {
        const uint8_t *at = bytes;
        size_t size = (size_t)got;
        struct gui_event event;

        while (gui_model_feed(&agent->model, &at, &size, &event) == GUI_MESSAGE)
            hear(agent, &event);
        require(!agent->model.decoder.error, "reading the daemon's messages");
    }
}

bool agent_pump(struct agent *agent)
{
    const uint8_t *bytes;
    size_t size;

    libvchan_ack(agent->vchan);
    if (libvchan_is_open(agent->vchan) == VCHAN_WAITING)
        return true;
    do {
        take(agent);
        while ((size = gui_model_output(&agent->model, &bytes)) != 0) {
            const int sent = libvchan_write(agent->vchan, bytes, size);

            if (sent > 0)
                gui_model_sent(&agent->model, (size_t)sent);
            else if (libvchan_buffer_space(agent->vchan) <= 0) /* asks for news */
                break;
        }
    } while (libvchan_data_ready(agent->vchan) > 0);
    return libvchan_is_open(agent->vchan) == VCHAN_CONNECTED;
}

struct picture *picture_new(struct agent *agent, uint32_t width, uint32_t height, uint32_t color)
{
    const uint32_t pages = gui_image_pages(width, height);
    struct picture *picture = calloc(1, sizeof(*picture));

    picture->refs = calloc(pages, sizeof(*picture->refs));
    picture->pixels = xengntshr_share_pages(agent->share, 0, (int)pages, picture->refs, 0);
    require(picture->pixels, "granting an image");
    picture->image = (struct gui_image){
        .width = width, .height = height, .refs = picture->refs, .ref_count = pages};
    for (uint32_t i = 0; i < width * height; i++)
        picture->pixels[i] = color ^ (i % width & 15) ^ (i / width & 15) << 8;
    return picture;
}

void agent_take_back(struct agent *agent)
{
    struct gui_image *image;

    while ((image = gui_model_free_image(&agent->model))) {
        struct picture *picture = (struct picture *)image;

        require(xengntshr_unshare(agent->share, picture->pixels, image->ref_count) == 0,
                "ending an image's grants");
        free(picture->refs);
        free(picture);
    }
}

struct picture *agent_show(struct agent *agent, struct gui_window *window, const char *title,
                           struct gui_place place, uint32_t color)
{
    struct picture *picture = picture_new(agent, place.width, place.height, color);

    gui_window_add(&agent->model, window, GUI_ORDINARY, &place);
    gui_window_title(&agent->model, window, title, strlen(title));
    gui_window_class(&agent->model, window, "Notepad", "notepad.exe");
    gui_window_image(&agent->model, window, &picture->image);
    gui_window_show(&agent->model, window, true);
    return picture;
}

const struct gui_event *agent_heard(const struct agent *agent, enum gui_event_type type,
                                    const struct gui_window *window)
{
    for (uint32_t i = agent->event_count; i > 0; i--) {
        const struct gui_event *event = &agent->events[i - 1];

        if (event->type == type && (!window || event->window == window))
            return event;
    }
    return NULL;
}
