/* EdgeVit: runs 1-bit vision transformers from .evit files. Link with -ledgevit, or load libedgevit.so at run time.
 *
 * Functions that return an int give EDGEVIT_OK or an error, which edgevit_last_error() tells in words for the thread that got it. A model belongs to one
 * thread at a time; several models may run at once. No function but edgevit_open allocates. */
#ifndef EDGEVIT_H
#define EDGEVIT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  EDGEVIT_OK = 0,
  EDGEVIT_FAILED = 1,       /* no such file, not a model, or not enough memory */
  EDGEVIT_WRONG_USE = 2,    /* an argument that cannot be */
  EDGEVIT_NOT_SUPPORTED = 4 /* EDGEVIT_KERNEL names a kernel set that this machine lacks */
};

typedef struct edgevit_model edgevit_model;

typedef struct {
  int32_t width, height;   /* pixels of the network's input; edgevit_run takes images of any size */
  int32_t classes;         /* number of logits */
  int32_t threads;         /* that share the work of one image */
  char kernels[32];        /* the kernel set in use */
} edgevit_info;

/* Opens a model. threads: 1 to 64. On success *model must be closed. */
int edgevit_open(const char *path, int32_t threads, edgevit_model **model);

int edgevit_get_info(edgevit_model *model, edgevit_info *info);

/* Classifies one image: RGB bytes [height, width, 3], resized and normalised as the model says. logits receives `classes` floats. The same file and
 * pixels give the same bits on every machine. */
int edgevit_run(edgevit_model *model, const uint8_t *rgb, int32_t width, int32_t height, float *logits);

/* A class name in UTF-8, which lives as long as the model; NULL where there is no such class. */
const char *edgevit_label(edgevit_model *model, int32_t index);

/* NULL is allowed. */
void edgevit_close(edgevit_model *model);

/* What went wrong in this thread's last call that failed, in UTF-8; empty before that. Valid until its next call. */
const char *edgevit_last_error(void);

#ifdef __cplusplus
}
#endif

#endif
