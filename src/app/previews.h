/* Joins the web server's previews to the confined process that makes them. */
#ifndef POSTROOM_APP_PREVIEWS_H
#define POSTROOM_APP_PREVIEWS_H

#include "app/app.h"
#include "http/jmap_routes.h"

/* Nothing where the program that reads attachments is missing. Before http_server_open; app
 * outlives the routes. */
void previews_offer(struct http_jmap *routes, struct app *app);

#endif
