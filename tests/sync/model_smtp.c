#include "model_smtp.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct model_smtp {
    pthread_t thread;
    int listener, wake;
    uint16_t port;
    atomic_bool stopping;
    struct model_server *server;
    pthread_mutex_t mutex;
    pthread_cond_t left;
    int talking; /* the connection that is served; -1: none */
    struct model *model;
    unsigned commands, die_at;
    bool after, cut;
    model_died_fn *died;
    void *died_arg;
};

/* --- what it takes */

struct copy {
    GBytes *raw;
    int64_t due;
};

static void copy_free(gpointer pointer)
{
    struct copy *copy = pointer;
    g_bytes_unref(copy->raw);
    g_free(copy);
}

void model_post_init(struct model_post *post)
{
    post->arrived = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    post->copies = g_ptr_array_new_with_free_func(copy_free);
}

void model_post_assign(struct model_post *post, const struct model_post *from)
{
    GHashTableIter iter;
    gpointer id, times;
    post->files = from->files;
    post->renames = from->renames;
    post->delay = from->delay;
    g_hash_table_remove_all(post->arrived);
    g_hash_table_iter_init(&iter, from->arrived);
    while (g_hash_table_iter_next(&iter, &id, &times))
        g_hash_table_insert(post->arrived, g_strdup(id), times);
    g_ptr_array_set_size(post->copies, 0);
    for (guint i = 0; i < from->copies->len; i++) {
        struct copy *copy = g_memdup2(from->copies->pdata[i], sizeof *copy);
        g_bytes_ref(copy->raw);
        g_ptr_array_add(post->copies, copy);
    }
}

void model_post_clear(struct model_post *post)
{
    g_hash_table_unref(post->arrived);
    g_ptr_array_unref(post->copies);
}

static void file_copy(struct model *model, GBytes *raw)
{
    const struct mail_flags seen = {.bits = MAIL_SEEN};
    g_autofree char *name = model_raw_name(model, "Sent");
    g_autofree char *id = model_id_of(raw);
    struct model_folder *sent = model_folder(model, name);
    if (sent == NULL)
        return;
    if (!model->post.renames) {
        model_deliver(model, sent, id, raw, &seen);
        return;
    }
    /* As personal Outlook accounts do it. */
    char *renamed = g_strdup_printf("r.%s@outlook.example", id);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *old = g_strdup_printf("<%s>", id), *new = g_strdup_printf("<%s>", renamed);
    g_string_append_len(text, g_bytes_get_data(raw, NULL), (gssize)g_bytes_get_size(raw));
    g_string_replace(text, old, new, 1);
    g_string_prepend(text, "\r\n");
    g_string_prepend(text, old);
    g_string_prepend(text, "X-Microsoft-Original-Message-ID: ");
    g_autoptr(GBytes) filed = g_bytes_new(text->str, text->len);
    model_deliver(model, sent, id, filed, &seen)->renamed = renamed;
}

void model_post_file(struct model *model)
{
    model_lock(model);
    GPtrArray *copies = model->post.copies;
    for (guint i = copies->len; i > 0; i--) {
        const struct copy *copy = copies->pdata[i - 1];
        if (copy->due > clock_wall())
            continue;
        file_copy(model, copy->raw);
        g_ptr_array_remove_index(copies, i - 1);
    }
    model_unlock(model);
}

int64_t model_post_due(struct model *model)
{
    int64_t due = 0;
    model_lock(model);
    for (guint i = 0; i < model->post.copies->len; i++) {
        const struct copy *copy = model->post.copies->pdata[i];
        due = due == 0 ? copy->due : MIN(due, copy->due);
    }
    model_unlock(model);
    return due;
}

/* It is on its way to its reader: once for the message, however many recipients it has. */
static char *take_message(struct model *model, GBytes *raw)
{
    g_autofree char *id = model_id_of(raw);
    model_lock(model);
    int times = GPOINTER_TO_INT(g_hash_table_lookup(model->post.arrived, id));
    g_hash_table_insert(model->post.arrived, g_strdup(id), GINT_TO_POINTER(times + 1));
    struct copy *copy = g_new0(struct copy, 1);
    copy->raw = g_bytes_ref(raw);
    copy->due = clock_wall() + model->post.delay;
    if (model->post.files)
        g_ptr_array_add(model->post.copies, copy);
    else
        copy_free(copy);
    bool renames = model->post.renames;
    model_unlock(model);
    model_post_file(model);
    return renames ? g_strdup_printf("250 2.0.0 OK <r.%s@outlook.example> [Hostname=model]", id)
                   : g_strdup("250 2.0.0 OK");
}

/* --- one connection */

struct talk {
    struct model_smtp *smtp;
    struct model *model;
    int fd;
    GString *in;
    GString *data; /* after DATA */
    bool mail, rcpt, asked_sasl, over;
};

static bool say(const struct talk *talk, const char *reply)
{
    g_autofree char *line = g_strconcat(reply, "\r\n", NULL);
    return send(talk->fd, line, strlen(line), MSG_NOSIGNAL) == (ssize_t)strlen(line);
}

/* The next line without its end; NULL: the client is gone, or the test ends. */
static char *hear(struct talk *talk)
{
    char *end;
    while ((end = strstr(talk->in->str, "\r\n")) == NULL) {
        char buffer[4096];
        struct pollfd fds[] = {{talk->fd, POLLIN, 0}, {talk->smtp->wake, POLLIN, 0}};
        if (poll(fds, 2, -1) < 0 || fds[1].revents != 0)
            return NULL;
        ssize_t n = read(talk->fd, buffer, sizeof buffer);
        if (n <= 0)
            return NULL;
        g_string_append_len(talk->in, buffer, n);
    }
    char *line = g_strndup(talk->in->str, (gsize)(end - talk->in->str));
    g_string_erase(talk->in, 0, end - talk->in->str + 2);
    return line;
}

/* True: the connection ends here. */
static bool dies(struct talk *talk, bool after)
{
    struct model_smtp *smtp = talk->smtp;
    pthread_mutex_lock(&smtp->mutex);
    bool now = smtp->die_at != 0 && smtp->commands == smtp->die_at && smtp->after == after;
    bool cut = smtp->cut;
    model_died_fn *died = smtp->died;
    void *arg = smtp->died_arg;
    if (now)
        smtp->die_at = 0;
    pthread_mutex_unlock(&smtp->mutex);
    if (now && !cut) {
        model_server_die(smtp->server);
        if (died != NULL)
            died(arg);
    }
    talk->over = talk->over || now;
    return now;
}

static char *greet(struct talk *talk)
{
    talk->mail = talk->rcpt = false;
    return g_strdup("250-model\r\n250-SIZE 1000000\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n"
                    "250 AUTH PLAIN XOAUTH2");
}

static char *begin_data(struct talk *talk)
{
    if (!talk->rcpt)
        return g_strdup("503 5.5.1 RCPT first");
    talk->data = g_string_new(NULL);
    return g_strdup("354 go on");
}

static char *end_data(struct talk *talk)
{
    g_autoptr(GString) text = g_steal_pointer(&talk->data);
    g_autoptr(GBytes) raw = g_bytes_new(text->str, text->len);
    talk->mail = talk->rcpt = false;
    return take_message(talk->model, raw);
}

static char *authenticate(struct talk *talk, const char *line)
{
    talk->asked_sasl = strchr(line + strlen("AUTH "), ' ') == NULL;
    return g_strdup(talk->asked_sasl ? "334 " : "235 2.7.0 signed in");
}

/* What the verb does, and its reply. (transfer full) */
static char *obey(struct talk *talk, const char *verb, const char *line)
{
    if (strcmp(verb, ".") == 0)
        return end_data(talk);
    if (strcmp(verb, "EHLO") == 0)
        return greet(talk);
    if (strcmp(verb, "AUTH") == 0)
        return authenticate(talk, line);
    if (strcmp(verb, "DATA") == 0)
        return begin_data(talk);
    talk->over = strcmp(verb, "QUIT") == 0;
    talk->mail = talk->mail || strcmp(verb, "MAIL") == 0;
    talk->rcpt = talk->mail && (talk->rcpt || strcmp(verb, "RCPT") == 0);
    return g_strdup(talk->over ? "221 2.0.0 bye" : "250 2.0.0 OK");
}

/* A rule's reply, or NULL. (transfer full) */
static char *rule_for(struct talk *talk, const char *verb)
{
    g_autofree char *name = g_strconcat("SMTP ", verb, NULL);
    model_lock(talk->model);
    char *reply = g_strdup(model_refusal(talk->model, name));
    model_unlock(talk->model);
    return reply;
}

static void command(struct talk *talk, const char *verb, const char *line)
{
    pthread_mutex_lock(&talk->smtp->mutex);
    talk->smtp->commands++;
    pthread_mutex_unlock(&talk->smtp->mutex);
    if (dies(talk, false))
        return;
    g_autofree char *rule = rule_for(talk, verb);
    g_autofree char *reply = NULL;
    if (rule == NULL || strcmp(rule, "!!") == 0)
        reply = obey(talk, verb, line);
    else if (strcmp(verb, ".") == 0)
        g_string_free(g_steal_pointer(&talk->data), TRUE);
    bool died = dies(talk, true);
    talk->over = talk->over || (rule != NULL && *rule == '!');
    if (!died && (rule == NULL || *rule != '!'))
        talk->over = !say(talk, rule != NULL ? rule : reply) || talk->over;
}

static void take_line(struct talk *talk, const char *line)
{
    if (talk->data != NULL && strcmp(line, ".") != 0) {
        g_string_append(talk->data, *line == '.' ? line + 1 : line);
        g_string_append(talk->data, "\r\n");
        return;
    }
    if (talk->asked_sasl) {
        talk->asked_sasl = false;
        talk->over = !say(talk, "235 2.7.0 signed in");
        return;
    }
    g_autofree char *verb = g_ascii_strup(line, (gssize)strcspn(line, " "));
    command(talk, talk->data != NULL ? "." : verb, line);
}

static void serve_one(struct model_smtp *smtp, int fd)
{
    pthread_mutex_lock(&smtp->mutex);
    struct talk talk = {.smtp = smtp, .model = smtp->model, .fd = fd, .in = g_string_new(NULL)};
    smtp->talking = fd;
    pthread_mutex_unlock(&smtp->mutex);
    talk.over =
        talk.model == NULL || model_server_is_dead(smtp->server) || !say(&talk, "220 model");
    while (!talk.over) {
        g_autofree char *line = hear(&talk);
        talk.over = line == NULL || model_server_is_dead(smtp->server);
        if (!talk.over)
            take_line(&talk, line);
    }
    g_string_free(talk.in, TRUE);
    if (talk.data != NULL)
        g_string_free(talk.data, TRUE);
    pthread_mutex_lock(&smtp->mutex);
    smtp->talking = -1;
    pthread_cond_signal(&smtp->left);
    pthread_mutex_unlock(&smtp->mutex);
    close(fd);
}

static void *serve(void *arg)
{
    struct model_smtp *smtp = arg;
    while (!atomic_load(&smtp->stopping)) {
        struct pollfd fds[] = {{smtp->listener, POLLIN, 0}, {smtp->wake, POLLIN, 0}};
        poll(fds, 2, -1);
        int fd = fds[0].revents != 0 ? accept4(smtp->listener, NULL, NULL, SOCK_CLOEXEC) : -1;
        if (fd >= 0)
            serve_one(smtp, fd);
    }
    return NULL;
}

struct model_smtp *model_smtp_start(struct model_server *server)
{
    struct model_smtp *smtp = g_new0(struct model_smtp, 1);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    smtp->server = server;
    smtp->talking = -1;
    smtp->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    smtp->wake = eventfd(0, EFD_CLOEXEC);
    if (bind(smtp->listener, (struct sockaddr *)&address, length) != 0 ||
        listen(smtp->listener, 64) != 0 ||
        getsockname(smtp->listener, (struct sockaddr *)&address, &length) != 0)
        g_error("the submission service cannot listen: %s", g_strerror(errno));
    smtp->port = ntohs(address.sin_port);
    pthread_mutex_init(&smtp->mutex, NULL);
    pthread_cond_init(&smtp->left, NULL);
    pthread_create(&smtp->thread, NULL, serve, smtp);
    return smtp;
}

void model_smtp_stop(struct model_smtp *smtp)
{
    uint64_t one = 1;
    atomic_store(&smtp->stopping, true);
    if (write(smtp->wake, &one, sizeof one) < 0)
        g_error("the submission service does not end: %s", g_strerror(errno));
    pthread_join(smtp->thread, NULL);
    close(smtp->listener);
    close(smtp->wake);
    pthread_cond_destroy(&smtp->left);
    pthread_mutex_destroy(&smtp->mutex);
    g_free(smtp);
}

uint16_t model_smtp_port(const struct model_smtp *smtp)
{
    return smtp->port;
}

void model_smtp_arm(struct model_smtp *smtp, struct model *model, const struct model_death *death,
                    model_died_fn *died, void *arg)
{
    pthread_mutex_lock(&smtp->mutex);
    while (smtp->talking >= 0) {
        shutdown(smtp->talking, SHUT_RDWR);
        pthread_cond_wait(&smtp->left, &smtp->mutex);
    }
    smtp->model = model;
    smtp->commands = 0;
    smtp->die_at = death->smtp;
    smtp->after = death->after;
    smtp->cut = death->cut;
    smtp->died = died;
    smtp->died_arg = arg;
    pthread_mutex_unlock(&smtp->mutex);
}

unsigned model_smtp_commands(struct model_smtp *smtp)
{
    pthread_mutex_lock(&smtp->mutex);
    unsigned commands = smtp->commands;
    pthread_mutex_unlock(&smtp->mutex);
    return commands;
}
