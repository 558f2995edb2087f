/*
 * recipe.h - the configuration that a friend's PBX needs, ready to paste. The kinds of PBX are rows of recipes.def,
 * their texts the rows of recipe_<id>.def:
 *
 *   RECIPE_FILE("name", "heading")     the lines behind it belong to this file; the heading is for who reads all of
 * them RECIPE_LINE(when, syntax, "text")  one line, printed when all facts of `when` hold (WHEN_A | WHEN_B); %value% in
 * it is written as the syntax (recipe_escape.h) asks for
 */
#ifndef AMITY_RECIPE_H
#define AMITY_RECIPE_H

#include <jansson.h>
#include <stdint.h>

#include "span.h"

enum recipe_kind {
#define RECIPE_KIND(id, name) RECIPE_##id,
#include "recipes.def"
	RECIPE_COUNT
};

enum recipe_fact {
#define RECIPE_FACT(name) RECIPE_FACT_##name,
#include "recipes.def"
	RECIPE_FACT_COUNT
};

#define RECIPE_HOLDS(name) (1u << RECIPE_FACT_##name)

enum recipe_value {
#define RECIPE_VALUE(name, meaning) RECIPE_VALUE_##name,
#include "recipes.def"
	RECIPE_VALUE_COUNT
};

struct recipe_list {
	const struct span *item;
	uint32_t count;
};

struct recipe {
	enum recipe_kind kind;
	uint32_t facts; /* RECIPE_HOLDS() of each */
	struct recipe_list value[RECIPE_VALUE_COUNT];
};

/* "asterisk-sip", ... Result: RECIPE_COUNT: there is none of that name. */
enum recipe_kind recipe_find_kind(const char *name);
const char *recipe_kind_name(enum recipe_kind kind);

/* Its name in a PBX of that kind. Result: length 0: it has none there. */
struct span recipe_codec_name(enum recipe_kind kind, struct span codec);

#define RECIPE_WHY_BYTES 256

/*
 * Result: {"text": all files under their headings, "files": [{"name", "text"}]}; NULL: with `why` filled, the syntax
 * cannot hold a value; with an empty `why`, memory ended. Owner: the caller. Thread: control.
 */
json_t *recipe_make(const struct recipe *recipe, char why[RECIPE_WHY_BYTES]);

#endif
