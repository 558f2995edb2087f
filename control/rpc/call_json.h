/*
 * call_json.h - a call as JSON: its record (cdr_keys.def), and its row among the live ones.
 *
 * Thread: control.
 */
#ifndef AMITY_CALL_JSON_H
#define AMITY_CALL_JSON_H

#include <jansson.h>

#include "call.h"

struct call_json_key {
	const char *name, *help;
};

enum cdr_key_id {
#define CDR_KEY(name, help) CDR_KEY_##name,
#include "cdr_keys.def"
#undef CDR_KEY
	CDR_KEY_COUNT
};

extern const struct call_json_key call_json_keys[CDR_KEY_COUNT];

/* What a record does not know by itself. */
struct call_json_view {
	uint32_t node_id;
	uint64_t now_ms; /* until when a live call lasts */
};

/* Every key of the rows. Result: NULL when memory ends; it may also not be whole (json_memory.h). Owner: the caller. */
json_t *call_json_record(const struct call_record *record, const struct call_json_view *view);

/* A line of `calls`. Result and owner as above. */
json_t *call_json_row(const struct call_record *record, const struct call_json_view *view);

/* "trying", "ringing", "answered". */
const char *call_json_state(const struct call_record *record);

#define CALL_JSON_ID_BYTES 17 /* 16 hexadecimal digits and NUL */

/* Result: `text`. */
const char *call_json_write_id(char text[CALL_JSON_ID_BYTES], uint64_t handle);

/* Result: false when `text` is no handle's name. */
bool call_json_read_id(uint64_t *handle, const char *text);

#endif
