#include "provision_live.h"

#include <stdlib.h>

#include <sodium.h>

#include "directory_build.h"
#include "model_part.h"
#include "publish.h"

/* The directory is the publisher's from here on. */
static enum status put_directory(struct provision_live *live, const struct directory *directory)
{
	if (live->publisher) {
		enum status status = publish_directory(live->publisher, directory, directory_build_release);
		if (status != STATUS_OK)
			return status;
	} else {
		directory_build_release(live->directory);
	}
	live->directory = directory;
	return STATUS_OK;
}

enum status provision_live_put(struct provision_live *live, const struct directory *directory, struct model *model)
{
	enum status status = put_directory(live, directory);
	if (status != STATUS_OK)
		return status;
	if (model != live->model)
		model_free(live->model);
	live->model = model;
	return STATUS_OK;
}

enum status provision_live_put_company(struct provision_live *live, const struct directory *directory, uint32_t index,
				       struct model *part)
{
	enum status status = put_directory(live, directory);
	if (status == STATUS_OK)
		model_part_put(live->model, index, part);
	return status;
}

static void free_keys(const void *part)
{
	sodium_memzero((void *)part, sizeof(struct secret_keys));
	free((void *)part);
}

enum status provision_live_put_keys(struct provision_live *live, const struct secret_keys *keys)
{
	struct secret_keys *copy = malloc(sizeof(*copy));
	if (!copy)
		return STATUS_NO_MEMORY;
	*copy = *keys;
	enum status status = publish_keys(live->publisher, copy, free_keys);
	if (status != STATUS_OK)
		free_keys(copy);
	return status;
}
