#include "app/command.h"
#include "app/control.h"
#include "app/datadir.h"
#include "app/serve.h"
#include "base/log.h"
#include "httpc/httpc.h"
#include "mime/mime.h"
#include "text/text.h"

#include <malloc.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

/* Value of "--name V" or "--name=V"; NULL: not given. */
static const char *option_value(int argc, char **argv, const char *name)
{
    size_t length = strlen(name);
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strncmp(argv[i], name, length) != 0)
            continue;
        if (argv[i][length] == '=')
            return argv[i] + length + 1;
        if (argv[i][length] == '\0' && i + 1 < argc)
            return argv[i + 1];
    }
    return NULL;
}

static int say(const GError *error)
{
    fprintf(stderr, "postroom: %s\n", error->message);
    return 1;
}

static int run_here(struct config *config, int lock, int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    struct app *app = NULL;
    bool unopened = command_is_unopened(argc, argv);
    if (!datadir_settle(config->data, &error))
        return say(error);
    if (!unopened)
        app = app_open(config, lock, &error);
    if (!unopened && app == NULL)
        return say(error);
    g_autofree char *directory = g_get_current_dir();
    struct command_call call = {.app = app,
                                .config = config,
                                .directory = directory,
                                .in = stdin,
                                .out = stdout,
                                .err = stderr};
    int status = command_run(&call, argc, argv);
    if (unopened)
        config_free(config);
    app_close(app);
    return status;
}

static int run_command(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    int status = command_check(argc, argv, stdout, stderr);
    if (status >= 0)
        return status;
    struct config *config = config_load(option_value(argc, argv, "--config"), &error);
    if (config == NULL)
        return say(error);
    const char *data = option_value(argc, argv, "--data");
    if (data != NULL) {
        g_free(config->data);
        config->data = g_canonicalize_filename(data, NULL);
    }
    bool served = false;
    int lock = control_take(config->data, &served, &error);
    if (lock >= 0) {
        log_set_level(LOG_LEVEL_WARN);
        return run_here(config, lock, argc, argv);
    }
    if (served)
        status = control_call(config->data, argc, argv, &error);
    config_free(config);
    return status >= 0 ? status : say(error);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is then an error like a full disk */
#ifndef __SANITIZE_ADDRESS__  /* whose leak check needs to look at its own process */
    /* A core dump would hold tokens and mail. */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
    /* Mail comes in all sizes and through many threads: an arena for each of them, and a threshold
     * that grows with what was freed, would hold several times what is in use. */
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    if (sodium_init() < 0) {
        fputs("postroom: libsodium cannot start\n", stderr);
        return 1;
    }
    httpc_init();
    mime_set_converter(text_to_utf8);
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        command_print_help(argc < 2 ? stderr : stdout);
        return argc < 2 ? 2 : 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("postroom " POSTROOM_VERSION);
        return 0;
    }
    if (strcmp(argv[1], "serve") == 0)
        return serve_main(argc - 1, argv + 1);
    return run_command(argc, argv);
}
