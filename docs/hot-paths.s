# Written by `cargo run -p tsd-figures -- instructions`. rustc 1.95.0 (59807616e 2026-04-14), x86_64


<tsd128_set>:
	mov    rdx,rsi
	mov    esi,edi
	mov    rdi,QWORD PTR fs:0xffffffffffffffb0
	mov    eax,esi
	and    eax,0x7f0
	mov    rcx,QWORD PTR [rax+0x4b02a8]
	mov    r8,QWORD PTR [rdi+rax*1+0xa0]
	cmp    r8,rcx
	jne    <tsd128_set+0x3d>
	cmp    esi,ecx
	jne    <tsd128_set+0x3d>
	and    ecx,0x1
	je     <tsd128_set+0x3d>
	mov    QWORD PTR [rdi+rax*1+0xa8],rdx
	xor    eax,eax
	ret
	push   rax
	add    rdi,0xa0
	call   <_ZN3tsd5table17KeyTable$LT$_$GT$9set_first17h883255434fe06967E>
	movzx  ecx,ax
	cmp    ecx,0x115
	lea    rsp,[rsp+0x8]
	je     <tsd128_set+0x3a>
	movzx  eax,al
	ret

<inlined_get_once>:
	mov    rax,QWORD PTR fs:0xffffffffffffffb0
	mov    edx,edi
	and    edx,0x7f0
	mov    rcx,QWORD PTR [rax+rdx*1+0xa0]
	mov    rax,QWORD PTR [rax+rdx*1+0xa8]
	mov    rdx,QWORD PTR [rdx+0x4b02a8]
	cmp    edi,ecx
	jne    <inlined_get_once+0x32>
	cmp    rdx,rcx
	jne    <inlined_get_once+0x32>
	ret
	xor    eax,eax
	ret

<static_get_once>:
	mov    rax,QWORD PTR fs:0xffffffffffffffb0
	mov    rax,QWORD PTR [rax+0xa8]
	ret

<exit_report>:
	mov    rax,rdi
	mov    rdi,QWORD PTR fs:0xffffffffffffffb0
	mov    rcx,QWORD PTR [rdi+0x8a0]
	test   rcx,rcx
	jne    <exit_report+0x2f>
	xorps  xmm0,xmm0
	movups XMMWORD PTR [rax+0x20],xmm0
	movups XMMWORD PTR [rax+0x10],xmm0
	movups XMMWORD PTR [rax],xmm0
	mov    QWORD PTR [rax+0x30],0x0
	ret
	push   rbx
	sub    rsp,0x50
	add    rdi,0xa0
	xorps  xmm0,xmm0
	movaps XMMWORD PTR [rsp+0x20],xmm0
	movaps XMMWORD PTR [rsp+0x10],xmm0
	movaps XMMWORD PTR [rsp],xmm0
	mov    QWORD PTR [rsp+0x30],0x0
	mov    QWORD PTR [rsp+0x38],0x0
	lea    rsi,[rsp+0x38]
	mov    rcx,rsp
	mov    rdx,rdi
	mov    rbx,rax
	call   <_ZN3tsd4exit3run17h2ed4d948e52e3118E>
	mov    rax,QWORD PTR [rsp+0x30]
	mov    QWORD PTR [rbx+0x30],rax
	movaps xmm0,XMMWORD PTR [rsp]
	movaps xmm1,XMMWORD PTR [rsp+0x10]
	movaps xmm2,XMMWORD PTR [rsp+0x20]
	movups XMMWORD PTR [rbx+0x20],xmm2
	movups XMMWORD PTR [rbx+0x10],xmm1
	movups XMMWORD PTR [rbx],xmm0
	mov    rax,rbx
	add    rsp,0x50
	pop    rbx
	ret

<tsd128_create>:
	mov    rax,QWORD PTR [rip+0xad0a1]        # <_ZN11tsd_measure9space_1285SPACE17h42d0f66e8369110aE+0x1010>
	nop    WORD PTR [rax+rax*1+0x0]
	cmp    rax,0x7f
	ja     <tsd128_create+0x15a>
	lea    rcx,[rax+0x1]
	lock cmpxchg QWORD PTR [rip+0xad081],rcx        # <_ZN11tsd_measure9space_1285SPACE17h42d0f66e8369110aE+0x1010>
	jne    <tsd128_create+0x10>
	xor    edx,edx
	mov    rax,QWORD PTR [rip+0xad066]        # <_ZN11tsd_measure9space_1285SPACE17h42d0f66e8369110aE+0x1000>
	cmp    rax,0xffffffffffffffff
	je     <tsd128_create+0xb6>
	not    rax
	mov    rcx,QWORD PTR [rip+0xad07e]        # <_ZN11tsd_measure9space_1285SPACE17h42d0f66e8369110aE+0x1028>
	mov    r9,0xffffffffffffffff
	shl    r9,cl
	cmp    rcx,0x40
	mov    r8d,0x0
	cmovb  r8,r9
	and    r8,rax
	je     <tsd128_create+0xb6>
	nop
	mov    r9,r8
	neg    r9
	and    r9,r8
	mov    rax,QWORD PTR [rip+0xad028]        # <_ZN11tsd_measure9space_1285SPACE17h42d0f66e8369110aE+0x1000>
	mov    rcx,rax
	or     rcx,r9
	lock cmpxchg QWORD PTR [rip+0xad019],rcx        # <_ZN11tsd_measure9space_1285SPACE17h42d0f66e8369110aE+0x1000>
	jne    <tsd128_create+0x70>
	test   rax,r9
	je     <tsd128_create+0x18a>
	mov    rcx,QWORD PTR [rip+0xad02f]        # <_ZN11tsd_measure9space_1285SPACE17h42d0f66e8369110aE+0x1028>
	mov    r8,0xffffffffffffffff
	shl    r8,cl
	cmp    rcx,0x40
	mov    ecx,0x0
	cmovb  rcx,r8
	or     rax,r9
	not    rax
	and    rax,rcx
	mov    r8,rax
	jne    <tsd128_create+0x60>
	mov    rax,QWORD PTR [rip+0xacfe3]        # <_ZN11tsd_measure9space_1285SPACE17h42d0f66e8369110aE+0x1008>
	cmp    rax,0xffffffffffffffff
	je     <tsd128_create+0x2b>
	not    rax
	mov    rcx,QWORD PTR [rip+0xacfef]        # <_ZN11tsd_measure9space_1285SPACE17h42d0f66e8369110aE+0x1028>
	sub    rcx,0x40
	cmovb  rcx,rdx
	mov    r8,0xffffffffffffffff
	shl    r8,cl
	cmp    rcx,0x40
	cmovae r8,rdx
	and    r8,rax
	je     <tsd128_create+0x2b>
	data16 data16 cs nop WORD PTR [rax+rax*1+0x0]
	mov    r9,r8
	neg    r9
	and    r9,r8
	mov    rax,QWORD PTR [rip+0xacf90]        # <_ZN11tsd_measure9space_1285SPACE17h42d0f66e8369110aE+0x1008>
	mov    rcx,rax
	or     rcx,r9
	lock cmpxchg QWORD PTR [rip+0xacf81],rcx        # <_ZN11tsd_measure9space_1285SPACE17h42d0f66e8369110aE+0x1008>
	jne    <tsd128_create+0x110>
	test   rax,r9
	je     <tsd128_create+0x185>
	mov    rcx,QWORD PTR [rip+0xacf93]        # <_ZN11tsd_measure9space_1285SPACE17h42d0f66e8369110aE+0x1028>
	sub    rcx,0x40
	cmovb  rcx,rdx
	mov    r8,0xffffffffffffffff
	shl    r8,cl
	cmp    rcx,0x40
	cmovae r8,rdx
	or     rax,r9
	not    rax
	and    rax,r8
	mov    r8,rax
	jne    <tsd128_create+0x100>
	jmp    <tsd128_create+0x2b>
	mov    rax,QWORD PTR [rip+0xacf4f]        # <_ZN11tsd_measure9space_1285SPACE17h42d0f66e8369110aE+0x1018>
	xor    ecx,ecx
	test   rax,rax
	setne  cl
	shl    ecx,0x18
	or     rcx,0x40b0001
	test   cl,0x1
	je     <tsd128_create+0x212>
	shr    ecx,0x10
	and    ecx,0xb
	mov    eax,ecx
	ret
	mov    edx,0x40
	tzcnt  rax,r8
	or     edx,eax
	shl    edx,0x4
	mov    QWORD PTR [rdx+0x4b02b0],rsi
	mov    QWORD PTR [rdx+0x4b0aa8],0x1
	mov    QWORD PTR [rdx+0x4b0ab0],0x0
	mov    rcx,QWORD PTR [rdx+0x4b02a8]
	or     rcx,rdx
	or     rcx,0x1
	mov    QWORD PTR [rdx+0x4b02a8],rcx
	mov    rax,QWORD PTR [rip+0xacedb]        # <_ZN11tsd_measure9space_1285SPACE17h42d0f66e8369110aE+0x1010>
	mov    rsi,QWORD PTR [rip+0xacedc]        # <_ZN11tsd_measure9space_1285SPACE17h42d0f66e8369110aE+0x1018>
	xor    edx,edx
	sub    rax,rsi
	cmovae rdx,rax
	mov    rax,QWORD PTR [rip+0xaced4]        # <_ZN11tsd_measure9space_1285SPACE17h42d0f66e8369110aE+0x1020>
	cmp    rdx,rax
	jbe    <tsd128_create+0x205>
	mov    rax,QWORD PTR [rip+0xacec8]        # <_ZN11tsd_measure9space_1285SPACE17h42d0f66e8369110aE+0x1020>
	cmp    rax,rdx
	mov    rsi,rdx
	cmova  rsi,rax
	lock cmpxchg QWORD PTR [rip+0xaceb5],rsi        # <_ZN11tsd_measure9space_1285SPACE17h42d0f66e8369110aE+0x1020>
	jne    <tsd128_create+0x1f0>
	shl    rcx,0x20
	test   cl,0x1
	jne    <tsd128_create+0x17c>
	shr    rcx,0x20
	mov    DWORD PTR [rdi],ecx
	xor    ecx,ecx
	mov    eax,ecx
	ret

<tsd128_delete>:
	mov    ecx,edi
	shr    ecx,0x4
	and    ecx,0x7f
	mov    eax,ecx
	shl    eax,0x4
	lea    rsi,[rax+0x4b02a8]
	mov    rax,QWORD PTR [rax+0x4b02a8]
	cmp    edi,eax
	sete   dl
	mov    r8b,0x1
	test   dl,al
	jne    <tsd128_delete+0x31>
	mov    rax,QWORD PTR [rsi]
	mov    r8d,eax
	and    r8b,0x1
	mov    edx,0x16
	test   r8b,r8b
	je     <tsd128_delete+0x9e>
	cmp    edi,eax
	jne    <tsd128_delete+0x9e>
	cmp    QWORD PTR [rip+0xace5a],rcx        # <_ZN11tsd_measure9space_1285SPACE17h42d0f66e8369110aE+0x1028>
	ja     <tsd128_delete+0x9e>
	mov    rdi,rax
	or     rdi,0x7f3
	lea    r8,[rdi+0x1]
	mov    r9,rdi
	inc    r9
	je     <tsd128_delete+0xa1>
	and    r8,0xfffffffffffff80c
	lock cmpxchg QWORD PTR [rsi],r8
	jne    <tsd128_delete+0x9e>
	cmp    rdi,0xffffffffffffffff
	je     <tsd128_delete+0x94>
	mov    eax,ecx
	mov    rdx,0xfffffffffffffffe
	rol    rdx,cl
	shr    eax,0x6
	lock and QWORD PTR [rax*8+0x4b12a8],rdx
	lock dec QWORD PTR [rip+0xacdf6]        # <_ZN11tsd_measure9space_1285SPACE17h42d0f66e8369110aE+0x1010>
	jmp    <tsd128_delete+0x9c>
	lock inc QWORD PTR [rip+0xacdf4]        # <_ZN11tsd_measure9space_1285SPACE17h42d0f66e8369110aE+0x1018>
	xor    edx,edx
	mov    eax,edx
	ret
	mov    r8,0xfffffffffffffffe
	lock cmpxchg QWORD PTR [rsi],r8
	je     <tsd128_delete+0x6c>
	jmp    <tsd128_delete+0x9e>
