/* A server that goes on with a command although its connection has ended. */
#include "model.h"

#include "base/clock.h"

struct model_late {
    model_verb_fn *verb;
    char *selected; /* raw name; or NULL */
    GString *text;
    int64_t at;
};

void model_late_clear(struct model *model)
{
    if (model->late == NULL)
        return;
    g_string_free(model->late->text, TRUE);
    g_free(model->late->selected);
    g_clear_pointer(&model->late, g_free);
}

void model_late_keep(struct model_connection *c, model_verb_fn *verb)
{
    model_late_clear(c->model);
    struct model_late *late = g_new0(struct model_late, 1);
    late->verb = verb;
    late->selected = c->selected != NULL ? g_strdup(c->selected->name) : NULL;
    late->text = g_string_new_len(c->in->str, (gssize)c->in->len);
    late->at = clock_in_ms(MODEL_LATE_MS);
    c->model->late = late;
}

void model_late_take(struct model *model)
{
    struct model_late *late = model->late;
    if (late == NULL || clock_now() < late->at)
        return;
    struct model_command command;
    struct model_connection c = {.model = model, .in = late->text, .out = g_string_new(NULL)};
    c.view = g_array_new(FALSE, FALSE, sizeof(struct model_view));
    c.selected = late->selected != NULL ? model_folder(model, late->selected) : NULL;
    c.continued = late->text->len;
    model_command_read(&c, model_command_end(&c), &command);
    if (late->selected == NULL || c.selected != NULL)
        late->verb(&c, &command);
    model_command_clear(&command);
    g_array_unref(c.view);
    g_string_free(c.out, TRUE);
    model_late_clear(model);
}
