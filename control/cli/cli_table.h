/*
 * cli_table.h - rows of text in aligned columns, for people. Widths count characters, not bytes (UTF-8).
 */
#ifndef AMITY_CLI_TABLE_H
#define AMITY_CLI_TABLE_H

#include <jansson.h>
#include <stdio.h>

#define CLI_TABLE_COLUMNS_MAX 40

/*
 * An array of objects: one row each; the members of the first are the columns, in their order. Numbers stand to the
 * right. An empty array says `nothing` instead. Control characters of values are shown as '?': a name from the network
 * cannot drive the terminal.
 */
void cli_table_print(FILE *out, const json_t *rows, const char *nothing);

/* An object: "name  value" lines; objects inside as "name member"; arrays of objects as tables behind. */
void cli_table_print_pairs(FILE *out, const json_t *object);

/* Any scalar as people read it: texts as they are, absent as "-", true as yes, arrays joined by commas. Owner: the
 * caller frees. */
char *cli_table_text(const json_t *value);

#endif
