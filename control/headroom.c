#include "headroom.h"

#include <stdlib.h>

bool headroom_has(size_t bytes)
{
	/* The compiler would else take the pair away. */
	void *volatile block = malloc(bytes);
	bool has = block != NULL;
	free(block);
	return has;
}
