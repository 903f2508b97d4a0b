/* errno.h - error numbers, the same in the kernel that is modelled and in the host's, whose system
 * calls fs/vfs.c makes. Functions return them negated. */
#ifndef COS_ERRNO_H
#define COS_ERRNO_H

#define ENOENT 2
#define EINTR 4   /* a signal came first */
#define ECHILD 10 /* no children */
#define EAGAIN 11 /* no pid, too many tasks, or a queue is full */
#define ENOMEM 12
#define EEXIST 17
#define EINVAL 22
#define EFBIG 27
#define ENOSPC 28
#define ENOSYS 38        /* the VMkernel refused the call */
#define ECONNREFUSED 111 /* nobody reads at the other end */

#endif /* COS_ERRNO_H */
