# SPDX-License-Identifier: BSD-2-Clause
# The C library: musl 1.2.5, unmodified, from its pinned source package; one static archive per CPU.
#
# Included by the Makefile, which provides MUSL (the unpacked source), MUSL_STAMP (a file of its
# unpacking) and USER_ARCH_CFLAGS (CPU and ABI of user space). Gives MUSL_LIB, the archive programs
# are linked with, MUSL_INC, the flags with which user space finds the headers, and MUSL_GEN, the
# headers that are made here and must exist before anything of user space is compiled.
#
# A file of ours replaces a file of musl's by its path alone: libc/musl/string/memcpy.c stands in
# for src/string/memcpy.c, which is then in no list here. musl's rule for its own CPU folders is the
# same, spelled out in MUSL_ARCH. What is in no list is not built: a program that wants more adds a
# word.

MUSL_OUT := $(O)/musl

MUSL_string := bcmp bcopy bzero explicit_bzero index memccpy memchr memmem mempcpy memrchr \
  rindex stpcpy stpncpy strcasecmp strcasestr strcat strchr strchrnul strcmp strcpy strcspn \
  strdup strerror_r strlcat strlcpy strlen strncasecmp strncat strncmp strncpy strndup strnlen \
  strpbrk strrchr strsep strspn strstr strtok strtok_r strverscmp swab wcschr wcscmp wcscpy \
  wcslen wcsncmp wcsnlen wcsstr wmemchr wmemcmp wmemcpy wmemmove wmemset
MUSL_ctype := __ctype_b_loc __ctype_get_mb_cur_max __ctype_tolower_loc __ctype_toupper_loc \
  isalnum isalpha isascii isblank iscntrl isdigit isgraph islower isprint ispunct isspace \
  isupper iswalpha iswdigit iswpunct iswspace isxdigit toascii tolower toupper towctrans wcwidth
MUSL_multibyte := btowc internal mblen mbrlen mbrtowc mbsinit mbsnrtowcs mbsrtowcs mbstowcs \
  mbtowc wcrtomb wcsnrtombs wcsrtombs wcstombs wctob wctomb
MUSL_stdlib := abs atof atoi atol atoll bsearch div imaxabs imaxdiv labs ldiv llabs lldiv qsort \
  qsort_nr strtod strtol wcstol
MUSL_stdio := __fclose_ca __fdopen __fopen_rb_ca __fmodeflags __lockfile __overflow __stdio_close \
  __stdio_exit __stdio_read __stdio_seek __stdio_write __stdout_write __toread __towrite __uflow \
  asprintf clearerr dprintf ext ext2 fclose feof ferror fflush fgetc fgets fileno flockfile \
  fmemopen fopen fopencookie fprintf fputc fputs fputwc fread fscanf fseek ftell ftrylockfile \
  funlockfile fwide fwrite getc getc_unlocked getchar getchar_unlocked getdelim getline ofl \
  ofl_add open_memstream perror printf putc putc_unlocked putchar putchar_unlocked puts rewind \
  scanf setbuf setbuffer setlinebuf setvbuf snprintf sprintf sscanf stderr stdin stdout ungetc \
  vasprintf vdprintf vfprintf vfscanf vprintf vscanf vsnprintf vsprintf vsscanf
MUSL_math := __fpclassify __fpclassifyl __signbit __signbitl copysign copysignl fabs fabsl floor \
  fmodl frexp frexpl ldexp modf __math_divzero __math_invalid __math_oflow __math_uflow \
  __math_xflow scalbn scalbnl sqrt sqrt_data
MUSL_malloc := calloc free libc_calloc lite_malloc memalign posix_memalign realloc reallocarray \
  replaced
MUSL_malloc/mallocng := aligned_alloc donate free malloc malloc_usable_size realloc
MUSL_mman := madvise mmap mprotect mremap munmap
MUSL_errno := __errno_location strerror
MUSL_internal := defsysinfo floatscan intscan libc procfdname shgetc syscall_ret version
MUSL_env := __environ __init_tls __libc_start_main __reset_tls __stack_chk_fail clearenv getenv \
  putenv secure_getenv setenv unsetenv
MUSL_exit := _Exit abort abort_lock assert atexit exit quick_exit at_quick_exit
MUSL_locale := __lctrans c_locale duplocale freelocale langinfo localeconv locale_map newlocale \
  setlocale strcoll strtod_l strxfrm uselocale __mo_lookup
MUSL_prng := __rand48_step __seed48 drand48 lrand48 rand rand_r random seed48 srand48
MUSL_search := hsearch insque lsearch tdelete tdestroy tfind tsearch twalk
MUSL_time := __map_file __month_to_secs __secs_to_tm __tm_to_secs __tz __year_to_secs asctime \
  asctime_r clock clock_getres clock_gettime clock_nanosleep ctime ctime_r difftime gettimeofday \
  gmtime gmtime_r localtime localtime_r mktime nanosleep strftime strptime time timegm \
  timespec_get wcsftime
MUSL_setjmp := longjmp setjmp
MUSL_signal := block raise sigaddset sigdelset sigemptyset sigfillset sigismember sigprocmask
MUSL_conf := sysconf
MUSL_fcntl := creat fcntl open openat
MUSL_select := poll ppoll pselect select
MUSL_stat := fstat fstatat stat
MUSL_unistd := _exit close dup dup2 dup3 getegid geteuid getgid getpid getppid getuid \
  gethostname isatty lseek posix_close pread pwrite read readv sleep unlink usleep \
  write writev
MUSL_linux := eventfd getrandom gettid sysinfo
MUSL_misc := basename dirname ffs ffsl ffsll getauxval getentropy getopt getopt_long getrlimit \
  getrusage getsubopt ioctl issetugid syscall uname
MUSL_network := htonl htons in6addr_any in6addr_loopback inet_addr inet_aton inet_legacy \
  inet_ntoa inet_ntop inet_pton ntohl ntohs accept accept4 bind connect getpeername getsockname \
  getsockopt listen recv recvfrom recvmmsg recvmsg send sendmmsg sendmsg sendto setsockopt \
  shutdown sockatmark socketpair dn_comp dn_expand dn_skipname dns_parse ent ether freeaddrinfo \
  gai_strerror getaddrinfo gethostbyaddr gethostbyaddr_r gethostbyname gethostbyname2 \
  gethostbyname2_r gethostbyname_r getnameinfo getservbyname getservbyname_r getservbyport \
  getservbyport_r h_errno herror hstrerror if_freenameindex lookup_ipliteral lookup_name \
  lookup_serv netname ns_parse proto res_init res_mkquery res_msend res_query res_querydomain \
  res_send res_state resolvconf serv
MUSL_thread := __lock __set_thread_area __syscall_cp __timedwait __unmapself __wait default_attr \
  lock_ptc pthread_attr_destroy pthread_attr_init pthread_attr_setdetachstate \
  pthread_attr_setstacksize pthread_cleanup_push pthread_cond_broadcast pthread_cond_destroy \
  pthread_cond_init pthread_cond_signal pthread_cond_timedwait pthread_cond_wait pthread_create \
  pthread_detach pthread_equal pthread_getspecific pthread_join pthread_key_create \
  pthread_mutex_destroy pthread_mutex_init pthread_mutex_lock pthread_mutex_timedlock \
  pthread_mutex_trylock pthread_mutex_unlock pthread_mutexattr_destroy pthread_mutexattr_init \
  pthread_mutexattr_settype pthread_once pthread_rwlock_destroy pthread_rwlock_init \
  pthread_rwlock_rdlock pthread_rwlock_timedrdlock pthread_rwlock_timedwrlock \
  pthread_rwlock_tryrdlock pthread_rwlock_trywrlock pthread_rwlock_unlock pthread_rwlock_wrlock \
  pthread_self pthread_setcancelstate pthread_setspecific pthread_sigmask pthread_testcancel \
  vmlock
MUSL_process := posix_spawn_file_actions_addchdir posix_spawn_file_actions_addclose \
  posix_spawn_file_actions_adddup2 posix_spawn_file_actions_addfchdir \
  posix_spawn_file_actions_addopen posix_spawn_file_actions_destroy posix_spawn_file_actions_init \
  posix_spawnattr_destroy posix_spawnattr_getflags posix_spawnattr_getpgroup \
  posix_spawnattr_getsigdefault posix_spawnattr_getsigmask posix_spawnattr_init \
  posix_spawnattr_sched posix_spawnattr_setflags posix_spawnattr_setpgroup \
  posix_spawnattr_setsigdefault posix_spawnattr_setsigmask wait waitpid
MUSL_fenv := __flt_rounds fenv
MUSL_DIRS := string ctype multibyte stdlib stdio math malloc malloc/mallocng mman errno internal \
  env exit locale prng search time setjmp signal conf fcntl select stat unistd linux misc network \
  thread process fenv

# For these the CPU has a file of its own. (Its clone, cancellation point and signal return trap
# into Linux by themselves; they are not here.)
MUSL_ARCH_riscv64 := fenv/riscv64/fenv.S math/riscv64/copysign.c math/riscv64/fabs.c \
  math/riscv64/sqrt.c setjmp/riscv64/longjmp.S setjmp/riscv64/setjmp.S \
  thread/riscv64/__set_thread_area.s
MUSL_ARCH_aarch64 := fenv/aarch64/fenv.s math/aarch64/fabs.c math/aarch64/floor.c \
  math/aarch64/sqrt.c setjmp/aarch64/longjmp.s setjmp/aarch64/setjmp.s \
  thread/aarch64/__set_thread_area.s

# Where floating point is taken, returned or passed through `...`. All other code keeps to integer
# registers, so that a program that formats nothing never owns FP state.
MUSL_FP := stdio/% stdlib/% math/% prng/% fenv/% setjmp/% internal/floatscan locale/strtod_l \
  time/difftime

MUSL_NAMES := $(foreach d,$(MUSL_DIRS),$(addprefix $(d)/,$(MUSL_$(d))))
MUSL_BY_ARCH := $(basename $(subst /$(ARCH)/,/,$(MUSL_ARCH_$(ARCH))))
MUSL_SRC := $(addsuffix .c,$(filter-out $(MUSL_BY_ARCH),$(MUSL_NAMES))) $(MUSL_ARCH_$(ARCH))
MUSL_O := $(MUSL_SRC:%=$(MUSL_OUT)/obj/%.o)
MUSL_GEN := $(addprefix $(MUSL_OUT)/,include/bits/alltypes.h include/bits/syscall.h \
  internal/version.h)
MUSL_LIB := $(MUSL_OUT)/libc.a

MUSL_INC := -D_GNU_SOURCE -isystem $(MUSL_OUT)/include -isystem $(MUSL)/arch/$(ARCH) \
  -isystem $(MUSL)/arch/generic -isystem $(MUSL)/include

MUSL_CFLAGS := -w -std=c99 -nostdinc -ffreestanding -frounding-math -fno-strict-aliasing \
  -fno-stack-protector -fno-pic -fno-common -fno-unwind-tables -fno-asynchronous-unwind-tables \
  -fomit-frame-pointer -ffunction-sections -fdata-sections \
  -D_XOPEN_SOURCE=700 -Ilibc/musl/include -I$(MUSL)/arch/$(ARCH) -I$(MUSL)/arch/generic \
  -I$(MUSL_OUT)/internal -I$(MUSL)/src/include -I$(MUSL)/src/internal -I$(MUSL_OUT)/include \
  -I$(MUSL)/include
MUSL_REGS = $(if $(filter $(MUSL_FP),$(basename $(subst /$(ARCH)/,/,$*))),-mgeneral-regs-only)
MUSL_CPU = $(filter-out $(MUSL_REGS),$(USER_ARCH_CFLAGS))
MUSL_OPT = $(if $(filter string/% malloc/%,$*),-O2,-Os)

$(MUSL_O): libc/musl.mk libc/musl/include/syscall_arch.h $(MUSL_GEN) | $$(HAVE_BUILD)
$(MUSL_O): $(MUSL_OUT)/obj/%.o: $(MUSL_STAMP)
	$(call say,MUSL,$*)
	$(Q)mkdir -p $(@D) && $(CC) $(MUSL_CFLAGS) $(MUSL_CPU) $(MUSL_OPT) -c -o $@ $(MUSL)/src/$*

$(MUSL_OUT)/include/bits/alltypes.h: $(MUSL_STAMP)
	$(Q)mkdir -p $(@D) && sed -f $(MUSL)/tools/mkalltypes.sed \
	  $(MUSL)/arch/$(ARCH)/bits/alltypes.h.in $(MUSL)/include/alltypes.h.in >$@
$(MUSL_OUT)/include/bits/syscall.h: $(MUSL_STAMP)
	$(Q)mkdir -p $(@D) && { cat $(MUSL)/arch/$(ARCH)/bits/syscall.h.in && \
	  sed -n 's/__NR_/SYS_/p' $(MUSL)/arch/$(ARCH)/bits/syscall.h.in; } >$@
$(MUSL_OUT)/internal/version.h: $(MUSL_STAMP)
	$(Q)mkdir -p $(@D) && printf '#define VERSION "%s"\n' "$$(cat $(MUSL)/VERSION)" >$@

# Ours are compiled like the rest of libc/, but never into calls of themselves.
MUSL_OURS_llvm := -fno-lto -fno-builtin -fomit-frame-pointer -fno-vectorize
MUSL_OURS_gnu := -fno-builtin -fomit-frame-pointer -fno-tree-loop-distribute-patterns
MUSL_OURS_aarch64 := -mno-strict-align
$(O)/u/libc/musl/%.o: EXTRA = $(MUSL_OURS_$(TOOLCHAIN)) $(MUSL_OURS_$(ARCH))

# How musl's functions leave what is to be done with descriptors.
$(O)/u/libc/musl/process/posix_spawn.c.o: EXTRA += -isystem $(MUSL)/src/process

# Made anew each time: ar keeps members that left the list.
$(MUSL_LIB): $(MUSL_O)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcsD $@ $(MUSL_O)
