"""Abbreviations and sentence openings by language: the data behind the own rules.

Boundary: data only, in lower case, without the last full stop. What a word in a column means is
said in `languages.py`.
"""

# Letters of many scripts are the subject here, look-alikes included.
# ruff: noqa: RUF001

from __future__ import annotations

from typing import Final

# Something always follows these within the sentence: titles, "for example", units of reference.
NEVER_LAST: Final[dict[str, str]] = {
    "": "approx cf dr e.g i.e ibid mr mrs ms op prof st viz vs",
    "en": """
        a.k.a adm aka approx asst attn ave bldg brig capt cf cmdr col cpl dept det dir dr drs
        e.g ed eds eg esp esq est ex exec fr gen gov hon i.e ie incl insp lt maj messrs mgr mlle
        mme mr mrs ms msgr mt mts mx op pfc ph pres prof pvt rep reps resp rev sen sens sgt sr
        st ste supt univ v viz vs w.r.t
    """,
    "de": """
        abb allg bes bsp bspw bzgl bzw ca d d.h dergl dgl dipl dr ebd eigtl einschl engl entspr
        erg etw ev evtl exkl fr frz geb gegr gem gen ggf ggfs griech h hl hr hrn hrsg i.a i.d.r
        i.e ing inkl insb kath lat lt m.e mag max min mind mio mrd nat o o.g o.ä phil prof resp
        s.o s.u sog st str tel u u.a u.u urspr v v.a verh vgl vorm wg z z.b z.t z.zt zw zzgl
    """,
    "fr": """
        anc approx art av bd boul c.-à-d cap cf ch col dir dr ed env ex fr gén ing lt m me mgr
        mlle mlles mm mme mmes mr p.ex prof resp st ste stés vs éd
    """,
    "es": """
        admón afma aprox art arts av avda c/c cap cf cía d dpto dr dra dres dña ed ee ej excmo
        fca gob gral hnos ilmo ing izq lic licda mons mr mrs máx mín n ntra p.ej prof profa prov
        ps pza pág págs rev rvdo s sr sra sras sres srta srtas sta sto tel vd vda vds vs
    """,
    "it": """
        arch art avv c.a ca cav cfr cit dott dott.ssa dr dr.ssa ed egr es fig fr gent geom ill
        ing mons ns on p.es pag pagg prof prof.ssa rag rev s sig sig.na sig.ra sigg spett ss st
        tel v vs
    """,
    "pt": """
        a.c art arts av cap cel cf d dr dra dras drs ed eng ex exmo fl gen ger lic m.me máx mín
        n.º p.ex prof profa pág págs r rev sr sra sras srs srta sta sto séc tel v vs
    """,
    "nl": """
        a.h.w aanw abs afb alg arch art bijv blz bv ca cf d.w.z dhr dr drs evt excl fa fig geb
        gem incl ing ir jl m.a.w m.b.t m.b.v m.n max mevr min mr mw nl o.a o.l.v ong prof resp
        st t.a.v t.g.v t.o.v tel v vgl vnl vnw z.g zg zgn
    """,
    "da": """
        adr afd ang bl.a ca cand dir div dr eks ekskl evt f f.eks fhv fr frk fx gl hr ib ing
        inkl int jf jfr kap kgl kl lic m.a.o mag maks mht nr oberst obs prof red ref resp skt st
        stud td tdl tlf vedr vha vs
    """,
    "sv": """
        bl.a ca cirka d.v.s dr dvs e.d ekon enl ev exkl f.d f.n fil fr.o.m hr inkl jfr jur kap
        kl m.a.o max med min möjl nr o.d ordf prof resp s.k sid st t.ex t.o.m tel ung vs
    """,
    "no": """
        adr bl.a ca cand dr eks evt f f.eks fhv fr hr inkl jf kap kgl kl m.a.o maks nr pga prof
        resp st tlf vedr vha vs
    """,
    "fi": "alk em esim huom ks mm n ns nyk os par prof puh synt toht tri ts vrt",
    "pl": """
        al ang bałt bp doc dr godz hab im inż jw kard ks lek m.in mgr min mjr niem np nt o ob
        obj ok os p pal pkt pl pn por pos pow prof przew ps pt płk red rep ros rys s san sp tab
        tel tj tzn tzw ub ul vs wg woj zob zw łac śp św
    """,
    "cs": """
        bc doc dr fr gen hl ing inž judr kpt max mgr min mj mjr mudr např nar npor nám obr okr p
        phdr plk popř por pplk prof pí př resp rndr sl srov st str sv tab tel tj tzn tzv ul vs
        vč zejm č čl
    """,
    "sk": """
        bc doc dr gen hl ing judr kpt max mgr min mj mudr napr nar npor nám obr p phdr plk popr
        por prof príp pí resp rndr sl st str sv tab tel tj tzn tzv ul vs č čl
    """,
    "ru": """
        акад англ букв г-жа г-н гл гр греч доц ж зав зам ил им инж исп к.т.н кн лат мин напр нем
        обл оз пер пл пос пр-т проф р ред рис св см соотв ср ст стр т т.е т.к т.н т.о таб тел ул
        ум урожд франц чл
    """,
    "uk": """
        акад англ бл вид вул г гр д-р див доц ж зав м напр наук нім обл оз пер пл пор просп проф
        р ред рис с св смт ст стор т.зв т.ч тел тобто ук укр ч ім інж
    """,
    "bg": """
        акад арх бул в вж вкл г-жа г-н гр д-р доц ж.к инж кв напр обл пл проф ред с св сл стр т
        т.е т.нар тел ул фиг чл
    """,
    "el": "αγ αρ βλ δηλ δρ εκδ ιδ κ κα καθ κκ λ.χ π.χ πρβ σελ στ τ τηλ",
    "kk": "акад б.з б.з.б г м мыс обл проф тг қ қар",
    "tr": """
        alb apt ar.gör av bkz bl bul cad doç dr ed fak gen hz kap krş md müh no prof s sn sok st
        tel tğm uzm vs yay yrd yy çev ö örn şt
    """,
    "ro": """
        aprox art av bd cap conf d-l d-na dl dna dr fig gen ing jud lect lt pag prof pt sf str
        tel vol
    """,
    "hu": "dr id ifj ill kb ld pl prof st tel u ui vö özv ún",
    "ar": "أ ا ب ت ج د ص ق.م م ه هـ",
    "fa": "ج د ر.ک ص",
    "hi": "ई ऐड॰ कु डॉ पं पृ प्रो रु वि सं",
    "mr": "उदा कु डॉ पं प्रा रु सौ",
    "bn": "অধ্যা ড ডা প্রফে মো মোঃ",
    "he": "גב ד״ר מס עמ פרופ ר",
}

# Abbreviations only before a number or a single letter: "No. 5", "p. 55", "Fig. A".
BEFORE_NUMBER: Final[dict[str, str]] = {
    "": "art ch eq fig figs no nr n° nº p pp sec tab vol №",
    "en": """
        app appx arts bk ca chap chaps circa cit cl col cols cor def div eq eqs ex exs fol hwy
        lem ln lns nos num op para paras pg pgs pl prop pt pts rte sec secs sect ser tbl thm ver
        verse vols vs
    """,
    "de": "abb abs abschn anl anm aufl bd bde bl kap nrn s seite sp tab z ziff zz §",
    "fr": "al annexe chap fig nos par pp réf t tab vol éd",
    "es": "ap cap fasc fig fol lám núm núms pág t vers",
    "it": "all cap capp n nn nr tab tav",
    "pt": "al cap fig n núm pág t tab",
    "nl": "afl bl blz dl h hfst jg pag par",
    "da": "bd bilag kap s stk",
    "sv": "bd bil kap s",
    "no": "bd kap s",
    "pl": "art lp nr par poz rozdz s str t ust",
    "cs": "odst písm r s sv č čís",
    "sk": "ods písm r s zv č čís",
    "ru": "вып гл д кв кн корп п пп пункт с стб таб табл ч №",
    "uk": "буд вип гл кв кн п пп с табл ч №",
    "bg": "ал гл п с т табл чл №",
    "el": "αριθ εικ κεφ παρ σ τχ τόμ",
    "tr": "böl cilt md nu s sy şek",
    "ro": "alin lit nr p pct",
    "hu": "köt old sz",
}

# Abbreviations a sentence may end with: only a word known to open sentences ends it.
MAY_BE_LAST: Final[dict[str, str]] = {
    "": "a.m al bros co corp etc inc jr ltd p.m plc sr",
    "en": """
        a.d acad alt assn assoc ave b.c b.c.e blvd bros c.e cal cent co corp ct dist esq etc ft
        gal hr hrs hwy inc jr lb lbs ltd m.d max mfg min mins misc ml mo mos mph mtg n.b oz p.s
        ph.d pkwy pl plc qt rd sec secs sq sr sts tbsp tel temp tsp u.k u.s u.s.a univ yd yr yrs
    """,
    "de": """
        bf co etc evtl f ff jh jhd jhdt mio mrd n.chr o.ä std str tsd u.a u.dgl u.s.w u.v.m u.ä
        usf usw uvm v.chr
    """,
    "fr": "apr av cie coll etc hab inc ltée min s.a sq suiv",
    "es": "a.c cía d.c e.u.a ee.uu etc hab min s.a ud uds uu vd",
    "it": "a.c ca d.c ecc etc min s.p.a s.r.l sec",
    "pt": "a.c cia d.c etc hab ltda min s.a",
    "nl": "e.a e.d enz etc jr n.chr o.i.d s.v.p v.chr",
    "da": "aps co etc m.fl m.m m.v mia min mio mv o.l osv pct std stk",
    "sv": "etc m.fl m.m mfl milj mm o.s.v osv st",
    "no": "etc m.fl m.m mill mrd o.l osv pst stk",
    "fi": "eaa jne tms ym yms",
    "pl": "etc godz gr in itd itp m.in min mld mln ok r tys w zł",
    "cs": "a.s aj apod atd hod kč mil min mld n.l o.p.s př.n.l r s.r.o tis",
    "sk": "a.i a.p a.s apod atď hod mil min mld n.l pod r s.r.o tis",
    "ru": "в вв г гг до.н.э др кв.м км коп куб.м мин млн млрд н.э пр руб т.д т.п тыс ч чел",
    "uk": "в.о грн коп млн млрд н.е р рр ст т.д т.п тис ін",
    "bg": "г гг др и.т.н лв млн млрд н.е пр т.г т.н хил",
    "el": "εκατ κ.ά κ.α κ.λπ κ.ο.κ κλπ μ.μ μ.χ π.μ π.χρ χλμ",
    "kk": "б.з ж жж млн млрд мың т.б т.с.с т.т ғ",
    "tr": "a.ş ltd m.s m.ö vb vd vs şti",
    "ro": "a.c d.c d.hr e.n etc lei mil î.hr ș.a",
    "hu": "bt db kb kft rt stb zrt",
    "fa": "ق.م م ه.ش ه.ق",
    "ar": "ق.م م هـ",
}

MONTHS_AND_DAYS: Final[dict[str, str]] = {
    "en": """
        apr aug dec feb fri jan jul jun mar mon nov oct sat sep sept sun thu thur thurs tue tues
        wed
    """,
    "de": "apr aug dez di do feb jan jul jun jän mi mo mär nov okt sa sep sept so",
    "fr": "avr déc févr janv juil nov oct sept",
    "es": "abr ago dic ene feb jul jun mar may nov oct sep sept",
    "it": "ago apr dic feb gen giu lug mag mar nov ott set sett",
    "pt": "abr ago dez fev jan jul jun mai mar nov out set",
    "nl": "apr aug dec feb jan jul jun mrt nov okt sep sept",
    "da": "apr aug dec feb jan jul jun mar nov okt sep sept",
    "sv": "apr aug dec feb jan jul jun mar nov okt sep sept",
    "no": "apr aug des feb jan jul jun mar nov okt sep sept",
    "pl": "cze gru kwi lip lis lut maj mar paź sie sty wrz",
    "ru": "авг апр дек июл июн мар ноя нояб окт сен сент фев февр янв",
}

# Languages that write ordinals with a full stop ("12. Juni").
ORDINAL_LANGUAGES: Final = frozenset(
    ("bs", "cs", "da", "de", "et", "fi", "hr", "hu", "is", "lt", "lv", "no", "pl", "sk", "sl", "sr")
)

# Function words that often open a sentence, and are no names: after an abbreviation that may be
# last, one of these shows that it was.
STARTERS: Final[dict[str, str]] = {
    "en": """
        a after all also although an and any are as at because before both but by can could did
        do does during each even every few finally first for from further had has have he her
        here his how however i if in instead is it it's its let let's long many maybe most my
        never next no not now of on once one only our perhaps please see she should similarly
        since so some sometimes such that that's the their then there there's therefore these
        they they're this those though three thus to two under unless until was we we're were
        what what's when where whether which while who why will with without would yes yet you
        you're your
    """,
    "de": """
        aber alle allerdings als also am an auch auf aus außerdem bei beide bis bitte da dabei
        dadurch dafür daher damit danach dann darum das dass davon dazu dein dem den denn der
        deren des deshalb die dies diese dieser dieses doch dort du durch ein eine einem einen
        einer einige er erst es etwas euer für ganz hat heute hier hingegen ich ihr ihre im in
        ist ja jede jeder jedes jedoch jetzt kann kein keine können man manche mein mit nach
        nein nicht noch nun nur ob obwohl oder ohne schließlich sein seine seit sie sind so
        solche somit sowohl trotzdem um und unser unsere unter viele vom von vor war warum was
        weil weiter welche wenn wer werden wie wir wird wo zu zudem zuerst zuletzt zum zur zwar
        zwischen über
    """,
    "fr": """
        après au aucun aujourd'hui aussi avant avec ce cela celle celui cependant ces cet cette
        chaque comme comment dans de depuis des donc du elle elles en enfin ensuite entre est et
        grâce ici il ils je jusqu'à la le les leur leurs lors lorsque mais malgré mon même ne
        non nos notre nous on or oui où par parce pendant peut plus plusieurs pour pourquoi
        pourtant puis quand que quel quelle qui sa sans selon ses si sinon son sous sur tous
        tout toute toutes trois très un une vers voici voilà vos votre vous à
    """,
    "es": """
        a además ahora al algunos ante antes aquí así aunque aún bajo cada como con cuando cuál
        cuándo cómo de del desde después donde durante dónde e el ella ellas ellos en entonces
        entre era es esa ese eso esta estas este esto estos está finalmente fue gracias ha hasta
        hay la las le les lo los luego me mi mientras mis muchos muy más ni no nos nosotros
        nuestra nuestro o para pero por porque primero puede pues que quien quién qué se según
        ser si sin sobre solo son su sus sí también tampoco te todo todos tras tu tú un una unas
        unos usted y ya yo él
    """,
    "it": """
        a ad ai al alcuni alla allora anche ancora appena avere che chi ci ciascuno ciò come con
        cosa così da dal dalla dei del della di dopo dove due durante e ecco ed egli era essere
        fino fra già gli grazie ha hanno ho i il in inoltre invece io la le lei li lo loro lui
        ma mentre mi mia mio molti molto nel nella nessuno no noi non nostro ogni ognuno oppure
        ora per perché però più poi prima qual quale quali quando quanto quella quello questa
        queste questi questo qui quindi se sebbene secondo sei si sia siamo solo sono su sul sì
        tra tre tu tutti tutto un una uno vi voi è
    """,
    "pt": """
        a agora ainda algumas alguns além ao após aqui as assim até cada com como da das de dela
        dele depois desde do dois dos durante e ela elas ele eles em embora enquanto entre era
        essa esse esta estas este estes está eu foi isso isto já logo mais mas mesmo meu minha
        muitos na nas nem no nos nosso não nós o onde os ou para pela pelo pois por porque porém
        primeiro qual quando quanto quase que quem se segundo sem ser será seu sim sob sobre sua
        também tem todos três tudo um uma você vocês é
    """,
    "nl": """
        aan al alle alleen als beide bij daar daarna daarom dan dat de deze die dit doe door dus
        een eerst elke en er ga geen haar had heeft het hier hij hoe hun ik in is ja je jij kan
        maar meer men met mijn na naar nee niet nog nu of om onder ons onze ook op over per
        sommige te toch toen tot u uit van veel voor waar waarom want was wat we wel welke werd
        wie wij ze zij zijn zo zonder zou
    """,
    "da": """
        af alle at da de dem den denne der derefter deres derfor dermed det dette du efter eller
        en er et for fordi fra før første ham han har hende her hun hvad hvem hver hvilke hvis
        hvor hvordan hvorfor hvornår i ifølge ikke ingen ja jeg kan man mange med men min mod må
        nej nogle nu når og også om på selv sin skal som så til under var ved vi vil være
    """,
    "sv": """
        alla att av båda både de dem den denna det detta dock du där därefter därför efter eller
        en er ett flera från för första genom ha han har hon hur här i idag ingen inte ja jag
        kan man med men min mot många måste nej ni nu när och också om på samt sedan ska som så
        till trots under ut utan vad var varför vem vi vid vilken är över
    """,
    "no": """
        alle at av da de den denne der deretter derfor det dette du eller en er et etter for
        fordi fra før han har her hun hva hvem hver hvis hvor hvordan hvorfor i ikke ingen ja
        jeg kan man mange med men min mot må nei noen nå når og også om på skal som så til under
        var ved vi vil
    """,
    "fi": """
        ei eikä että he hän ja joka jokainen jos kaikki koska kuinka kuitenkin kun me miksi mikä
        mikään minä missä mitä mutta myös ne niin nyt on se sekä sen siellä siis sinä sitten tai
        te tämä tässä vaikka vain voi
    """,
    "pl": """
        a aby albo ale bo by być był była było chociaż co czy dla dlaczego dlatego do gdy gdzie
        i ich ile ja jak jaki jako je jednak jego jej jest jeszcze jeśli już każdy kiedy kto
        która które który lub ma mamy może można my na nad nasz nie niektóre nigdy no nowy o od
        on ona one oni oraz po pod podczas ponadto poza przed przez przy się skoro są tak także
        tam te tego ten teraz to tu tutaj ty tylko tym u w wiele wielu więc wszyscy wszystko
        wtedy z za zatem zaś ze że
    """,
    "cs": """
        a aby ale ano asi až bez byl byla bylo během co do dále díky i ja jak jako jaký je jeho
        jejich její jen jsem jsme jsou já k kam každý kde kdo když která které který ma my má
        může na nad navíc ne nebo než některé od on ona oni pak po pod podle pokud pouze pro
        protože proč první před při s se si snad tak také tam tato tedy ten tento to toto tu tím
        už v ve však všechny z za zde že
    """,
    "sk": """
        a aby aj ak ako ale alebo až bez bol bola bolo by cez do ho i ich ja je jeho jej k každý
        kde keď kto ktorá ktoré ktorý my má môže na nad najmä nie niektoré od okrem on ona oni
        po pod podľa potom pre preto prečo pri prvý s sa sme som sú tak takže tam ten tento
        teraz tieto to toto tu táto už v vo však všetky z za zo áno čo ďalej že
    """,
    "ru": """
        а без благодаря более больше был была были было в вам вас весь во вот все всё вы где да
        даже для до его ее если есть еще ещё её за зачем здесь и из или им их к каждый как какой
        когда кроме кто ли лишь мне многие может мой мы на над нам наш не некоторые нет но ну о
        об однако он она они оно от очень первый перед по под после потом почему поэтому при про
        с сегодня сейчас скоро сначала снова со так также такой там те теперь то тогда только
        том тот ты у уже чем через что чтобы эта эти это этот я
    """,
    "uk": """
        а але без був була були було в вам вас весь ви вона вони воно все всі від він де для до
        ж з за й його коли крім лише ми на над нам наш не ні однак перед по потім при про під
        після саме так також там те тепер ти то тоді тому тільки у хто це цей ця ці через чи що
        щоб я як який якщо є і із їх її
    """,
    "bg": """
        а ако без беше благодарение в ва вече ви вие все всеки всички във го да дали до докато
        друг е един една ето за защо защото и из или им има как какво когато което които кой
        която къде ли между ми много може на над най нали не него нещо ни ние никой но някои о
        обаче от пак по под после преди през при с са само се си след според също тази така там
        те тези ти то това този той тук тя у ще що я
    """,
    "el": """
        ένα ένας έτσι ήταν αλλά αν από αυτά αυτή αυτό αυτός αφού για γιατί δεν εγώ εδώ επίσης
        επειδή η θα κάθε και κατά κι μία μας με μετά μην μια μπορεί να ναι ο οι ούτε παρά πιο
        ποιος πολλά που πού πριν προς πώς σας σε στα στη στην στις στο στον τα τη την της τι τις
        το τον του τους τότε τώρα υπάρχει ως όλα όμως όπως όταν ότι όχι
    """,
    "tr": """
        ama ancak artık aslında ayrıca bana bazı belki ben bir biraz biri birçok biz bu bugün
        bunlar bunu bunun böyle da daha de değil diğer en evet eğer fakat gibi hangi hayır hem
        hep her hiç ile ilk ise için işte kadar kim kimse mi nasıl ne neden nerede o onlar onu
        onun orada oysa sadece sen siz son sonra tabii tüm var ve veya ya yalnızca yani yine yok
        çok çünkü üç şimdi şu
    """,
    "ro": """
        a acea aceasta această acest acesta aceste acești acolo acum ai aici al ale am apoi ar
        are asta astfel au avem așa care ce cei cel cele cine cu cum când că da dacă dar de deci
        deși din doar după ea ei el ele era este eu fi fiecare fără iar la le mai multe mulți
        nici noi nu o ori pe pentru peste prin sau se si sunt toate tot toți tu un una unde unii
        va voi vă în încă însă între și
    """,
    "hu": """
        a abban ahol aki akkor ami amikor az azok azonban azt azért csak de e ebben egy egyik el
        erre ez ezek ezt ezután ezért ha hanem hogy hogyan igen is itt kell ki meg mert mi
        minden mit mivel miért most már még nagyon ne nem nincs ott pedig s sem sok szerint te
        tehát után vagy van volt én és így ő ők
    """,
    "kk": "ал біз бірақ бұл егер енді және мен ол олар осы сен сол сондықтан сіз",
}
