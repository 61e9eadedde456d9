#include "base/json_text.h"

#include <glib.h>
#include <stdbool.h>

struct json_text_measure json_text_measure(const char *text, size_t length)
{
    struct json_text_measure found = {0, 1};
    unsigned depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < length; i++) {
        char c = text[i];

        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (quoted)
            continue;
        else if (c == ',')
            found.values++;
        else if (c == '[' || c == '{') {
            found.values += c == '{' ? 3 : 1;
            depth++;
            found.depth = MAX(found.depth, depth);
        } else if ((c == ']' || c == '}') && depth > 0)
            depth--;
    }
    return found;
}
