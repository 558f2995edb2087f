/*
 * amityd_options.h - the rows of amityd_options.def.
 */
#ifndef AMITY_AMITYD_OPTIONS_H
#define AMITY_AMITYD_OPTIONS_H

enum amityd_option_id {
#define AMITYD_OPTION(name, long_name, letter, argument, help) AMITYD_OPTION_##name,
#include "amityd_options.def"
#undef AMITYD_OPTION
	AMITYD_OPTION_COUNT
};

struct amityd_option {
	const char *long_name;
	char letter;	      /* 0: none */
	const char *argument; /* NULL: takes none */
	const char *help;
};

extern const struct amityd_option amityd_options[AMITYD_OPTION_COUNT];

#endif
