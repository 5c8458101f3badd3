/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves the order of messages in the situations that today's tools get wrong, each told as the
 * types that a daemon reads: first showing, change of kind, resize under way, restore, reconnect,
 * clipboard of every size and version; and that titles are cut between characters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/gui/model.h"

struct talk {
    struct gui_model model;
    struct gui_decoder decoder;
    uint8_t agent_body[GUI_AGENT_BODY_MAX], daemon_body[GUI_DAEMON_BODY_MAX];
    struct gui_message last;
    char said[500]; /* the types since the last look */
};

static const struct gui_place place = {10, 20, 300, 200};
static uint32_t refs[2000];
static uint8_t text[GUI_CLIPBOARD_MAX + 10];

static void listen_to(struct talk *talk)
{
    const uint8_t *bytes;
    size_t size;

    talk->said[0] = 0;
    while ((size = gui_model_output(&talk->model, &bytes)) != 0) {
        gui_model_sent(&talk->model, size);
        while (gui_decode(&talk->decoder, &bytes, &size, &talk->last) == GUI_MESSAGE) {
            if (talk->last.type)
                snprintf(talk->said + strlen(talk->said), sizeof(talk->said) - strlen(talk->said),
                         "%s ", gui_type_name(talk->last.type));
        }
        assert_int_equal(talk->decoder.error, GUI_OK);
    }
}

static struct gui_event tell(struct talk *talk, const struct gui_message *message)
{
    uint8_t head[GUI_HEAD_BYTES_MAX];
    size_t size = gui_put(head, message);
    const uint8_t *bytes = head;
    struct gui_event event = {.type = GUI_EVENT_READY};

    gui_model_feed(&talk->model, &bytes, &size, &event);
    assert_int_equal(size, 0);
    return event;
}

static void connect_talk(struct talk *talk, uint32_t version)
{
    uint32_t words[5] = {version, 1920, 1080, 24, 8101};
    const uint8_t *bytes = (const uint8_t *)words;
    size_t size = sizeof(words);
    struct gui_event event;

    gui_decoder_init(&talk->decoder, GUI_AT_DAEMON, version, talk->daemon_body,
                     sizeof(talk->daemon_body));
    gui_model_connected(&talk->model);
    listen_to(talk);
    assert_int_equal(gui_model_feed(&talk->model, &bytes, &size, &event), GUI_MESSAGE);
    assert_int_equal(event.type, GUI_EVENT_READY);
    assert_int_equal(event.xconf.width, 1920);
}

static struct talk *new_talk(uint32_t version)
{
    struct talk *talk = calloc(1, sizeof(*talk));

    gui_model_init(&talk->model, GUI_VERSION, talk->agent_body);
    connect_talk(talk, version);
    return talk;
}

static struct gui_image picture(uint32_t width, uint32_t height)
{
    return (struct gui_image){.width = width,
                              .height = height,
                              .refs = refs,
                              .ref_count = gui_image_pages(width, height)};
}

static void show(struct talk *talk, struct gui_window *window, struct gui_image *image)
{
    assert_true(gui_window_add(&talk->model, window, GUI_ORDINARY, &place));
    gui_window_class(&talk->model, window, "Notepad", "notepad.exe");
    gui_window_title(&talk->model, window, "Untitled", 8);
    assert_true(gui_window_image(&talk->model, window, image));
    gui_window_show(&talk->model, window, true);
    listen_to(talk);
}

static void a_window_is_shown_in_the_order_that_daemons_take(void **state)
{
    struct talk *talk = new_talk(GUI_VERSION);
    struct gui_window window = {0};
    struct gui_image image = picture(300, 200);

    show(talk, &window, &image);
    assert_string_equal(talk->said, "CREATE WMCLASS WMNAME MAP WINDOW_DUMP SHMIMAGE ");
    assert_int_equal(talk->last.damage.width, 300);
    gui_window_relate(&talk->model, &window, true, NULL);
    listen_to(talk);
    tell(talk, &(struct gui_message){.type = GUI_WINDOW_DUMP_ACK, .window = window.id});
    listen_to(talk);
    assert_string_equal(talk->said, "WINDOW_DUMP SHMIMAGE "); /* UNMAP dropped the first */
    free(talk);
}

static void a_dialog_brings_its_parent(void **state)
{
    struct talk *talk = new_talk(GUI_VERSION);
    struct gui_window dialog = {0}, parent = {0};

    gui_window_add(&talk->model, &dialog, GUI_ORDINARY, &place);
    gui_window_add(&talk->model, &parent, GUI_ORDINARY, &place);
    gui_window_relate(&talk->model, &dialog, false, &parent);
    gui_window_show(&talk->model, &dialog, true);
    listen_to(talk);
    assert_string_equal(talk->said, "CREATE CREATE MAP ");
    assert_int_equal(talk->last.map.transient_for, parent.id);
    gui_window_remove(&talk->model, &parent);
    gui_window_title(&talk->model, &dialog, "x", 1);
    listen_to(talk);
    assert_string_equal(talk->said, "DESTROY WMNAME "); /* and no UNMAP, MAP */
    free(talk);
}

static void a_resize_storm_holds_two_images(void **state)
{
    struct talk *talk = new_talk(GUI_VERSION);
    struct gui_window window = {0};
    struct gui_image images[50];

    images[0] = picture(10, 10);
    show(talk, &window, &images[0]);
    for (uint32_t i = 1; i < 50; i++) {
        images[i] = picture(10 + i, 10);
        gui_window_image(&talk->model, &window, &images[i]);
        listen_to(talk);
        assert_string_equal(talk->said, "");
        /* Those between were never sent. */
        assert_ptr_equal(gui_model_free_image(&talk->model), i > 1 ? &images[i - 1] : NULL);
    }
    tell(talk, &(struct gui_message){.type = GUI_WINDOW_DUMP_ACK, .window = window.id});
    listen_to(talk);
    assert_string_equal(talk->said, "WINDOW_DUMP SHMIMAGE ");
    assert_int_equal(talk->last.damage.width, 59);
    assert_null(gui_model_free_image(&talk->model)); /* the first is still mapped */
    tell(talk, &(struct gui_message){.type = GUI_WINDOW_DUMP_ACK, .window = window.id});
    assert_ptr_equal(gui_model_free_image(&talk->model), &images[0]);
    free(talk);
}

static void a_configure_is_answered_with_its_own_values(void **state)
{
    struct talk *talk = new_talk(GUI_VERSION);
    struct gui_window window = {0};
    struct gui_image image = picture(300, 200);
    const struct gui_place refused = {5, 6, 320, 240};
    struct gui_event event;

    show(talk, &window, &image);
    event =
        tell(talk, &(struct gui_message){
                       .type = GUI_CONFIGURE, .window = window.id, .configure = {5, 6, 7, 8, 0}});
    assert_int_equal(event.type, GUI_EVENT_CONFIGURE);
    assert_ptr_equal(event.window, &window);
    gui_window_place(&talk->model, &window, &refused); /* the program has a least size */
    listen_to(talk);
    assert_string_equal(talk->said, "");
    gui_window_answer(&talk->model, &window);
    listen_to(talk);
    assert_string_equal(talk->said, "CONFIGURE CONFIGURE ");
    assert_int_equal(talk->last.configure.width, 320);
    free(talk);
}

static void a_reconnect_says_everything_again(void **state)
{
    struct talk *talk = new_talk(GUI_VERSION);
    struct gui_window window = {0}, gone = {0};
    struct gui_image image = picture(300, 200), other = picture(30, 20);

    show(talk, &window, &image);
    show(talk, &gone, &other);
    gui_window_remove(&talk->model, &gone);
    gui_model_disconnected(&talk->model);
    assert_ptr_equal(gui_model_free_window(&talk->model), &gone);
    assert_ptr_equal(gui_model_free_image(&talk->model), &other);
    assert_null(gui_model_free_image(&talk->model));
    connect_talk(talk, 0x00010006);
    listen_to(talk);
    assert_string_equal(talk->said, "CREATE WMCLASS WMNAME MAP WINDOW_DUMP SHMIMAGE ");
    free(talk);
}

static void a_restored_window_is_mapped_anew(void **state)
{
    struct talk *talk = new_talk(GUI_VERSION);
    struct gui_window window = {0};
    struct gui_image image = picture(300, 200);

    show(talk, &window, &image);
    tell(talk, &(struct gui_message){.type = GUI_WINDOW_DUMP_ACK, .window = window.id});
    gui_window_flags(&talk->model, &window, GUI_FLAG_MINIMIZE);
    listen_to(talk);
    assert_string_equal(talk->said, "WINDOW_FLAGS ");
    gui_window_flags(&talk->model, &window, 0);
    listen_to(talk);
    assert_string_equal(talk->said, "UNMAP MAP WINDOW_DUMP SHMIMAGE ");
    free(talk);
}

static void the_clipboard_has_its_sizes(void **state)
{
    static const struct {
        uint32_t version, size, sent;
        bool fits;
    } cases[] = {
        {0x00010008, 0, 0, true},
        {0x00010008, 256000, 256000, true},
        {0x00010008, 256001, 256001, false},
        {0x00010008, 256010, 256001, false},
        {0x00010007, 65000, 65000, true},
        {0x00010007, 65001, 0, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct talk *talk = new_talk(cases[i].version);

        assert_false(gui_model_clipboard(&talk->model, text, 1)); /* nobody asked */
        assert_int_equal(tell(talk, &(struct gui_message){.type = GUI_CLIPBOARD_REQ}).type,
                         GUI_EVENT_CLIPBOARD_REQUEST);
        assert_int_equal(gui_model_clipboard(&talk->model, text, cases[i].size), cases[i].fits);
        assert_true(gui_model_clipboard_busy(&talk->model));
        listen_to(talk);
        assert_string_equal(talk->said, "CLIPBOARD_DATA ");
        assert_int_equal(talk->last.tail_bytes, cases[i].sent);
        assert_false(gui_model_clipboard_busy(&talk->model));
        free(talk);
    }
}

static void titles_are_cut_between_characters(void **state)
{
    struct talk *talk = new_talk(GUI_VERSION);
    struct gui_window window = {0};
    char title[400];

    gui_window_add(&talk->model, &window, GUI_ORDINARY, &place);
    title[0] = 'a';
    for (int i = 0; i < 100; i++)
        memcpy(title + 1 + 3 * i, "\xe2\x82\xac", 3);
    gui_window_title(&talk->model, &window, title, 301);
    listen_to(talk);
    assert_int_equal(strlen(talk->last.title.text), 127); /* 1 + 42 * 3 */
    gui_window_title(&talk->model, &window,
                     "\xe2\x82\xac\xff\x01\xed\xa0\x80\xc0\xaf"
                     "b",
                     11);
    listen_to(talk);
    assert_string_equal(talk->last.title.text, "\xe2\x82\xac?"
                                               "?????"
                                               "?b");
    free(talk);
}

static void a_still_window_says_nothing(void **state)
{
    struct talk *talk = new_talk(GUI_VERSION);
    struct gui_window window = {0};
    struct gui_image image = picture(300, 200);

    show(talk, &window, &image);
    gui_window_place(&talk->model, &window, &place);
    gui_window_title(&talk->model, &window, "Untitled", 8);
    gui_window_show(&talk->model, &window, true);
    gui_window_flags(&talk->model, &window, 0);
    gui_window_damage(&talk->model, &window, &(struct gui_rect){300, 0, 10, 10});
    listen_to(talk);
    assert_string_equal(talk->said, "");
    free(talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_is_shown_in_the_order_that_daemons_take),
        cmocka_unit_test(a_dialog_brings_its_parent),
        cmocka_unit_test(a_resize_storm_holds_two_images),
        cmocka_unit_test(a_configure_is_answered_with_its_own_values),
        cmocka_unit_test(a_reconnect_says_everything_again),
        cmocka_unit_test(a_restored_window_is_mapped_anew),
        cmocka_unit_test(the_clipboard_has_its_sizes),
        cmocka_unit_test(titles_are_cut_between_characters),
        cmocka_unit_test(a_still_window_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
