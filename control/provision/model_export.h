/*
 * model_export.h - a model to its normal form in YAML: keys in the order of the schema, without defaults, the same
 * bytes for the same content. Reading it gives an equal model.
 *
 * Thread: any.
 */
#ifndef AMITY_MODEL_EXPORT_H
#define AMITY_MODEL_EXPORT_H

#include "model.h"
#include "model_schema.h"
#include "status.h"

/* `company` NULL: everything; else a document with that company alone. Result: *text is the caller's to free(). */
AMITY_CHECKED enum status model_export(char **text, const struct model *model, const struct model_company *company);

/* One member as it is written there: "'^2[0-9]{3}$'", "[a, b]", "12". Result: *text is the caller's to free(). */
AMITY_CHECKED enum status model_export_value(char **text, const struct model_schema_row *row, const void *member);

#endif
