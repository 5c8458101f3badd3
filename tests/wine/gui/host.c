/* SPDX-License-Identifier: BSD-2-Clause */
/* See host.h. */
#include "tests/wine/gui/host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xengnttab.h>

#include "include/libvchan.h"

enum { TURN_MS = 200, PAINTERS_MAX = 8 };

static struct {
    int domid;
    pid_t agent;
    libvchan_t *vchan;
    xengnttab_handle *grants;
    struct gui_decoder decoder;
    uint8_t body[GUI_DAEMON_BODY_MAX];
    struct rules rules;
    bool no_acknowledge;
    uint64_t messages;
    char *clipboard;
    size_t clipboard_size;
    struct painter *painters[PAINTERS_MAX];
} host;

/* --- Processes of the guest */

static const char *need(const char *name)
{
    const char *value = getenv(name);
    if (value != NULL)
        return value;
    fprintf(stderr, "%s is not set: see tests/wine/gui/run.sh\n", name);
    exit(1);
}

static void stop_wine(void)
{
    const pid_t child = fork();
    if (child == 0) {
        execlp("wineserver", "wineserver", "-k", (char *)NULL);
        _exit(127);
    }
    waitpid(child, NULL, 0);
}

void host_failed(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
    fprintf(stderr, "%u windows are mapped, %llu messages came\n", host_window_count(),
            (unsigned long long)host.messages);
    for (int i = 0; i < PAINTERS_MAX; i++)
        if (host.painters[i] != NULL)
            fprintf(stderr, "painter %d has said:\n%s", i, host.painters[i]->lines);
    if (host.domid != 0)
        stop_wine();
    exit(1);
}

static pid_t run(const char *program, const char *const *extra, int in, int out)
{
    char domid[16], path[512];
    const char *argv[32] = {need("CASEMENT_TEST_SIMXEN"), "exec", domid, "--",
                            need("CASEMENT_TEST_WINE"),   path};
    int count = 6;

    snprintf(domid, sizeof domid, "%d", host.domid);
    snprintf(path, sizeof path, "%s/%s", need("CASEMENT_TEST_BIN"), program);
    for (; extra != NULL && *extra != NULL && count < 31; extra++)
        argv[count++] = *extra;
    const pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
        dup2(in >= 0 ? in : open("/dev/null", O_RDONLY), 0);
        dup2(out >= 0 ? out : 2, 1);
        for (int fd = 3; fd < 256; fd++)
            close(fd);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    return child;
}

void host_start(void)
{
    char command[600];

    signal(SIGPIPE, SIG_IGN);
    snprintf(command, sizeof command, "%s create --keep win", need("CASEMENT_TEST_SIMXEN"));
    FILE *const created = popen(command, "r");
    EXPECT(created != NULL && fscanf(created, "%d", &host.domid) == 1);
    EXPECT(pclose(created) == 0);
    host.grants = xengnttab_open(NULL, 0);
    EXPECT(host.grants != NULL);
}

void host_start_agent(const char *const *extra)
{
    host.agent = run("gui-agent.exe", extra, -1, -1);
}

pid_t host_agent(void)
{
    return host.agent;
}

pid_t host_start_program(const char *program, const char *const *extra, int out)
{
    return run(program, extra, -1, out);
}

int host_control(const char *word, const char *input)
{
    int in[2], status;

    EXPECT(pipe2(in, O_CLOEXEC) == 0);
    const pid_t child = run("guicontrol.exe", (const char *[]){word, NULL}, in[0], -1);
    EXPECT(write(in[1], input, strlen(input)) == (ssize_t)strlen(input));
    close(in[0]);
    close(in[1]);
    EXPECT(waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

void host_kill_agent(void)
{
    kill(host.agent, SIGKILL);
    waitpid(host.agent, NULL, 0);
    host.agent = 0;
}

void host_stop(void)
{
    char command[600];

    host_disconnect();
    stop_wine();
    for (int i = 0; i < PAINTERS_MAX; i++)
        if (host.painters[i] != NULL)
            waitpid(host.painters[i]->pid, NULL, 0);
    if (host.agent != 0)
        waitpid(host.agent, NULL, 0);
    xengnttab_close(host.grants);
    snprintf(command, sizeof command, "%s destroy %d", need("CASEMENT_TEST_SIMXEN"), host.domid);
    EXPECT(system(command) == 0);
    host.domid = 0;
}

double host_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* --- Windows and pictures */

static void forget_picture(struct picture *picture)
{
    if (picture->pixels != NULL)
        xengnttab_unmap(host.grants, (void *)(uintptr_t)picture->pixels, picture->pages);
    picture->pixels = NULL;
}

struct picture *host_picture(const struct rules_window *window)
{
    return window->user;
}

static void take_picture(struct rules_window *window, const struct gui_message *message)
{
    static uint32_t refs[GUI_REFS_MAX];
    struct picture *const picture = window->user;
    const struct gui_message ack = {.type = GUI_WINDOW_DUMP_ACK, .window = window->id};

    forget_picture(picture);
    picture->width = message->dump.width;
    picture->height = message->dump.height;
    picture->pages = gui_image_pages(picture->width, picture->height);
    memcpy(refs, message->tail, picture->pages * sizeof *refs);
    picture->refs_sum = 0;
    for (uint32_t i = 0; i < picture->pages; i++)
        picture->refs_sum = picture->refs_sum * 31 + refs[i];
    picture->pixels = xengnttab_map_domain_grant_refs(host.grants, picture->pages,
                                                      (uint32_t)host.domid, refs, PROT_READ);
    EXPECT(picture->pixels != NULL);
    picture->dumps++;
    if (!host.no_acknowledge)
        host_send(&ack);
}

static void drop(struct rules_window *window)
{
    forget_picture(window->user);
    free(window->user);
    rules_drop(&host.rules, window);
}

static void take(const struct gui_message *message)
{
    host.messages++;
    if (message->type == GUI_CLIPBOARD_DATA) {
        host.clipboard = malloc(message->tail_bytes + 1);
        memcpy(host.clipboard, message->tail, message->tail_bytes);
        host.clipboard[message->tail_bytes] = '\0';
        host.clipboard_size = message->tail_bytes;
        return;
    }
    const struct rules_step step = rules_take(&host.rules, message);
    if (step.verdict == RULES_MISBEHAVES || step.verdict == RULES_EXIT) {
        fprintf(stderr, "%s for window %u: %s\n", gui_type_name(message->type), message->window,
                step.why);
        host_failed(__FILE__, __LINE__, "the agent keeps the rules");
    }
    if (step.verdict != RULES_DO)
        return;
    struct rules_window *const window = step.window;
    if (window->user == NULL)
        window->user = calloc(1, sizeof(struct picture));
    struct picture *const picture = window->user;
    if (message->type == GUI_WINDOW_DUMP)
        take_picture(window, message);
    if (message->type == GUI_UNMAP && window->id != GUI_SCREEN_ID)
        forget_picture(picture);
    if (message->type == GUI_SHMIMAGE) {
        picture->damages++;
        picture->damaged_pixels += (uint64_t)message->damage.width * message->damage.height;
    }
    if (message->type == GUI_DESTROY) {
        const struct gui_message ack = {.type = GUI_DESTROY, .window = window->id};
        drop(window);
        host_send(&ack);
    }
}

/* NULL: none is mapped, or there are several of it. */
static struct rules_window *find_window(const char *title)
{
    struct rules_window *found = NULL;

    for (int i = 0; i < RULES_BUCKETS; i++)
        for (struct rules_window *window = host.rules.buckets[i]; window; window = window->next) {
            if (!window->mapped || (title != NULL && strcmp(window->title.text, title) != 0))
                continue;
            if (found != NULL)
                return NULL;
            found = window;
        }
    return found;
}

struct rules_window *host_window(const char *title)
{
    struct rules_window *found = NULL;

    EXPECT_SOON((found = find_window(title)) != NULL);
    return found;
}

bool host_has_window(const char *title)
{
    return find_window(title) != NULL;
}

unsigned host_window_count(void)
{
    unsigned count = 0;

    for (int i = 0; i < RULES_BUCKETS; i++)
        for (struct rules_window *window = host.rules.buckets[i]; window; window = window->next)
            count += window->mapped;
    return count;
}

uint64_t host_message_count(void)
{
    return host.messages;
}

uint32_t host_pixel(const struct rules_window *window, uint32_t x, uint32_t y)
{
    const struct picture *const picture = window->user;

    if (picture == NULL || picture->pixels == NULL || x >= picture->width || y >= picture->height)
        return 0xff000000;
    return picture->pixels[y * picture->width + x] & 0xffffff;
}

uint32_t painter_pixel(uint32_t seed, uint32_t x, uint32_t y)
{
    return (seed * 0x9e3779u + x * 7u + y * 0x301u) & 0xffffffu;
}

unsigned host_matching(const struct rules_window *window, const struct area *area, uint32_t seed)
{
    unsigned count = 0;

    for (uint32_t y = 0; y < area->height; y++)
        for (uint32_t x = 0; x < area->width; x++)
            count += host_pixel(window, area->x + x, area->y + y) == painter_pixel(seed, x, y);
    return count;
}

bool host_shows(const char *title, const struct area *area, uint32_t seed)
{
    const struct rules_window *const window = find_window(title);

    return window != NULL && host_matching(window, area, seed) == area->width * area->height;
}

/* --- The channel */

void host_send_raw(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;

    while (size > 0) {
        const int room = libvchan_buffer_space(host.vchan);
        const int count =
            room > 0 ? libvchan_write(host.vchan, at, size < (size_t)room ? size : (size_t)room)
                     : 0;
        if (count < 0 || libvchan_is_open(host.vchan) != VCHAN_CONNECTED)
            return; /* the test will notice what is missing */
        if (count == 0)
            libvchan_wait(host.vchan);
        at += count;
        size -= (size_t)count;
    }
}

void host_send(const struct gui_message *message)
{
    uint8_t head[GUI_HEAD_BYTES_MAX];

    if (host.vchan == NULL)
        return;
    host_send_raw(head, gui_put(head, message));
    host_send_raw(message->tail, message->tail_bytes);
}

static bool receive(void)
{
    uint8_t bytes[65536];
    struct gui_message message;
    const int ready = host.vchan != NULL ? libvchan_data_ready(host.vchan) : 0;
    const int count = ready > 0 ? libvchan_read(host.vchan, bytes, sizeof bytes) : 0;
    const uint8_t *at = bytes;
    size_t size = count > 0 ? (size_t)count : 0;

    while (size > 0) {
        switch (gui_decode(&host.decoder, &at, &size, &message)) {
        case GUI_MESSAGE:
            if (message.type != 0)
                take(&message);
            break;
        case GUI_FAILED:
            host_failed(__FILE__, __LINE__, gui_error_text(host.decoder.error));
        case GUI_MORE:
            break;
        }
    }
    return count > 0;
}

bool host_ended(void)
{
    return host.vchan == NULL || libvchan_is_open(host.vchan) != VCHAN_CONNECTED;
}

void host_acknowledge(bool yes)
{
    host.no_acknowledge = !yes;
}

void host_connect(uint32_t width, uint32_t height)
{
    const struct gui_xconf xconf = {.width = width, .height = height, .depth = 24};
    const uint32_t version = GUI_VERSION;

    host.vchan = libvchan_client_init(host.domid, GUI_PORT);
    EXPECT(host.vchan != NULL);
    gui_decoder_init(&host.decoder, GUI_AT_DAEMON, GUI_VERSION, host.body, sizeof host.body);
    EXPECT_SOON(host.decoder.version != 0);
    host_send_raw(&version, sizeof version);
    host_send_raw(&xconf, sizeof xconf);
}

void host_disconnect(void)
{
    struct rules_window *window;

    while ((window = rules_any(&host.rules)) != NULL)
        drop(window);
    if (host.vchan != NULL)
        libvchan_close(host.vchan);
    host.vchan = NULL;
}

/* --- Turns */

static void hear(struct painter *painter)
{
    if (painter->used == sizeof painter->lines - 1)
        painter->used = 0;
    const ssize_t count = read(painter->answers, painter->lines + painter->used,
                               sizeof painter->lines - 1 - painter->used);
    if (count <= 0)
        return;
    /* Windows' line ends go. */
    size_t end = painter->used;
    for (size_t i = painter->used; i < painter->used + (size_t)count; i++)
        if (painter->lines[i] != '\r')
            painter->lines[end++] = painter->lines[i];
    painter->used = end;
    painter->lines[end] = '\0';
}

/* Waits at most so long. */
static void turn(int milliseconds)
{
    struct pollfd sources[1 + PAINTERS_MAX] = {{.fd = -1}};
    int count = 1;

    if (receive())
        return;
    if (host.vchan != NULL) {
        sources[0] = (struct pollfd){.fd = libvchan_fd_for_select(host.vchan), .events = POLLIN};
    }
    for (int i = 0; i < PAINTERS_MAX; i++)
        if (host.painters[i] != NULL)
            sources[count++] = (struct pollfd){.fd = host.painters[i]->answers, .events = POLLIN};
    if (poll(sources, (nfds_t)count, milliseconds) <= 0)
        return;
    if (sources[0].revents != 0)
        libvchan_ack(host.vchan);
    for (int i = 0, at = 1; i < PAINTERS_MAX; i++)
        if (host.painters[i] != NULL && sources[at++].revents & POLLIN)
            hear(host.painters[i]);
}

bool host_turn(double since)
{
    turn(TURN_MS);
    return host_seconds() - since < HOST_PATIENCE_MS / 1000.0;
}

void host_watch(int milliseconds)
{
    const double until = host_seconds() + milliseconds / 1000.0;

    for (double left; (left = until - host_seconds()) > 0;)
        turn((int)(left * 1000) + 1);
}

/* --- The user */

void host_key(const struct rules_window *window, uint32_t linux_key, bool press, uint32_t state)
{
    host_send(&(struct gui_message){.type = GUI_KEYPRESS,
                                    .window = window->id,
                                    .key = {.action = press ? GUI_KEY_PRESS : GUI_KEY_RELEASE,
                                            .state = state,
                                            .keycode = linux_key + 8}});
}

void host_button(const struct rules_window *window, uint32_t button, bool press, int x, int y)
{
    host_send(
        &(struct gui_message){.type = GUI_BUTTON,
                              .window = window->id,
                              .button = {.action = press ? GUI_BUTTON_PRESS : GUI_BUTTON_RELEASE,
                                         .x = x,
                                         .y = y,
                                         .button = button}});
}

void host_focus(const struct rules_window *window, bool in)
{
    host_send(&(struct gui_message){.type = GUI_FOCUS,
                                    .window = window->id,
                                    .focus = {.action = in ? GUI_FOCUS_IN : GUI_FOCUS_OUT}});
}

void host_configure(struct rules_window *window, int x, int y, uint32_t width, uint32_t height)
{
    EXPECT(rules_place(window, x, y, width, height));
    host_send(
        &(struct gui_message){.type = GUI_CONFIGURE,
                              .window = window->id,
                              .configure = {.x = x, .y = y, .width = width, .height = height}});
}

const char *host_clipboard(size_t *size)
{
    *size = host.clipboard_size;
    return host.clipboard;
}

/* --- Painters */

void painter_start(struct painter *painter)
{
    int in[2], out[2], slot = 0;

    memset(painter, 0, sizeof *painter);
    EXPECT(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
    painter->pid = run("painter.exe", NULL, in[0], out[1]);
    close(in[0]);
    close(out[1]);
    painter->orders = fdopen(in[1], "w");
    painter->answers = out[0];
    while (host.painters[slot] != NULL)
        EXPECT(++slot < PAINTERS_MAX);
    host.painters[slot] = painter;
    EXPECT_SOON(painter_said(painter, "ready"));
}

void painter_stop(struct painter *painter)
{
    fclose(painter->orders);
    waitpid(painter->pid, NULL, 0);
    close(painter->answers);
    for (int i = 0; i < PAINTERS_MAX; i++)
        if (host.painters[i] == painter)
            host.painters[i] = NULL;
}

static void vtell(struct painter *painter, const char *format, va_list arguments)
{
    vfprintf(painter->orders, format, arguments);
    fputc('\n', painter->orders);
    fflush(painter->orders);
}

void painter_tell(struct painter *painter, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vtell(painter, format, arguments);
    va_end(arguments);
}

/* Takes the first whole line that begins with `begin` out of what was said. */
static bool take_line(struct painter *painter, const char *begin, char *line)
{
    for (char *at = painter->lines; at < painter->lines + painter->used;) {
        char *const end = strchr(at, '\n');
        if (end == NULL)
            return false;
        if (strncmp(at, begin, strlen(begin)) != 0) {
            at = end + 1;
            continue;
        }
        snprintf(line, HOST_LINE_BYTES, "%.*s", (int)(end - at), at);
        memmove(at, end + 1, strlen(end + 1) + 1);
        painter->used -= (size_t)(end + 1 - at);
        return true;
    }
    return false;
}

static bool answered(struct painter *painter, char *line)
{
    return take_line(painter, "done", line) || take_line(painter, "at ", line) ||
           take_line(painter, "clip ", line) || take_line(painter, "unknown", line);
}

const char *painter_order(struct painter *painter, const char *format, ...)
{
    static char line[HOST_LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vtell(painter, format, arguments);
    va_end(arguments);
    EXPECT_SOON(answered(painter, line));
    return line;
}

bool painter_said(struct painter *painter, const char *line)
{
    char said[HOST_LINE_BYTES], whole[HOST_LINE_BYTES];

    snprintf(whole, sizeof whole, "%s\n", line);
    return strstr(painter->lines, whole) != NULL && take_line(painter, line, said);
}

struct area painter_area(const char *answer)
{
    struct area area = {0};

    EXPECT(sscanf(answer, "at %u %u %u %u", &area.x, &area.y, &area.width, &area.height) == 4);
    return area;
}
