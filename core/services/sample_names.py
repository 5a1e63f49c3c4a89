"""Who is in the sample: names from many places as they are written there, with the form that their mail address has.

Every mail domain is reserved for examples, and every phone number is in a range that its country keeps for fiction.
"""

from typing import Final, NamedTuple


class Culture(NamedTuple):
    """Given and family names (`written|in Latin letters` where they differ), and how a full name is put together."""

    language: str
    given: tuple[str, ...]
    family: tuple[str, ...]
    order: str = "{given} {family}"


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


CULTURES: Final = (
    Culture("de", _names("Anna, Lukas, Marie, Jonas, Lena, Felix, Sophie, Maximilian, Käthe|Kaethe, Jörg|Joerg, Ute, Sönke|Soenke, Friederike, Karl-Heinz"),
            _names("Müller|Mueller, Schmidt, Schneider, Weiß|Weiss, Krüger|Krueger, Hoffmann, Wagner, Becker, Vogel, Schröder|Schroeder, Zimmermann, Brandt, von der Heide|vonderheide, Süßmilch-Götz|suessmilch-goetz")),
    Culture("sv", _names("Maria, Erik, Astrid, Lars, Elin, Johan, Karin, Åsa|Asa, Björn|Bjorn, Saga"),
            _names("Lindqvist, Andersson, Johansson, Nyström|Nystrom, Bergström|Bergstrom, Öberg|Oberg, Sjögren|Sjogren, Lund, Åkesson|Akesson")),
    Culture("fr", _names("Marie-Claire, Hugo, Chloé|Chloe, Julien, Zoé|Zoe, Antoine, Inès|Ines, Théo|Theo, Aurélie|Aurelie, Jean-Baptiste, Loïc|Loic"),
            _names("Dubois, Martin, Lefèvre|Lefevre, Moreau, Girard, Fournier, Mercier, de La Rochefoucauld|delarochefoucauld, N'Diaye|ndiaye, Leblanc")),
    Culture("es", _names("Lucía|Lucia, Mateo, Sofía|Sofia, Iker, Núria|Nuria, Diego, Carmen, José Luis|joseluis, María del Pilar|mariadelpilar, Begoña|Begona"),
            _names("García|Garcia, Fernández|Fernandez, Muñoz|Munoz, Ortega, Ibáñez de la Torre|ibanezdelatorre, Vidal, Castro, Etxeberria, Peña|Pena, Romero")),
    Culture("pt", _names("João|Joao, Beatriz, Tiago, Inês|Ines, Rui, Conceição|Conceicao, Gonçalo|Goncalo, Leonor"),
            _names("Silva, Santos, Ferreira, Araújo|Araujo, Magalhães|Magalhaes, Gonçalves|Goncalves, Brandão|Brandao, Nunes")),
    Culture("it", _names("Giulia, Marco, Chiara, Alessandro, Niccolò|Niccolo, Francesca, Davide, Ginevra"),
            _names("Rossi, Bianchi, D'Angelo|dangelo, Esposito, Ricci, Colombo, Dell'Acqua|dellacqua, Ferrari")),
    Culture("pl", _names("Zofia, Jakub, Łukasz|Lukasz, Małgorzata|Malgorzata, Stanisław|Stanislaw, Wojciech, Agnieszka, Grażyna|Grazyna"),
            _names("Nowak, Kowalska, Wiśniewski|Wisniewski, Dąbrowska|Dabrowska, Szczęsny|Szczesny, Brzęczyszczykiewicz|brzeczyszczykiewicz, Wójcik|Wojcik, Mazur")),
    Culture("cs", _names("Tereza, Ondřej|Ondrej, Žofie|Zofie, Jiří|Jiri, Karel, Eliška|Eliska"),
            _names("Novák|Novak, Dvořáková|Dvorakova, Svoboda, Kučera|Kucera, Šimek|Simek, Růžičková|Ruzickova")),
    Culture("hu", _names("László|Laszlo, Zsófia|Zsofia, Gergő|Gergo, Ágnes|Agnes, Bence, Tünde|Tunde"),
            _names("Nagy, Kovács|Kovacs, Szabó|Szabo, Tóth|Toth, Horváth|Horvath, Kőszegi|Koszegi"), "{family} {given}"),
    Culture("is", _names("Guðrún|Gudrun, Þór|Thor, Birna, Sigurður|Sigurdur, Ragnheiður|Ragnheidur"),
            _names("Jónsdóttir|Jonsdottir, Einarsson, Þorsteinsdóttir|Thorsteinsdottir, Björnsson|Bjornsson")),
    Culture("en", _names("Olivia, Jack, Siobhán|Siobhan, Callum, Amelia, Harry, Priya, Niamh, Oisín|Oisin, Ruby, Theodore, Ffion"),
            _names("Smith, O'Connor|oconnor, MacGregor, Llewellyn-Jones, Taylor, Brown, Fitzgerald, Ashworth, Featherstonehaugh, Okonkwo-Hughes")),
    Culture("tr", _names("Elif, Mehmet, Zeynep, Çağla|Cagla, Oğuz|Oguz, Işıl|Isil, Emre, Gülşen|Gulsen"),
            _names("Yılmaz|Yilmaz, Demir, Şahin|Sahin, Çelik|Celik, Öztürk|Ozturk, Kılıç|Kilic, Aydın|Aydin")),
    Culture("vi", _names("Anh, Minh, Thùy Linh|thuylinh, Quốc Bảo|quocbao, Hương|Huong, Đức|Duc"),
            _names("Nguyễn|Nguyen, Trần|Tran, Phạm|Pham, Lê|Le, Huỳnh|Huynh"), "{family} {given}"),
    Culture("el", _names("Ελένη|Eleni, Γιώργος|Giorgos, Αικατερίνη|Aikaterini, Νίκος|Nikos, Δήμητρα|Dimitra"),
            _names("Παπαδόπουλος|Papadopoulos, Γεωργίου|Georgiou, Οικονόμου|Oikonomou, Χατζηδάκης|Chatzidakis")),
    Culture("uk", _names("Олена|Olena, Андрій|Andrii, Соломія|Solomiia, Тарас|Taras, Наталія|Nataliia"),
            _names("Шевченко|Shevchenko, Коваленко|Kovalenko, Бойко|Boiko, Ткаченко|Tkachenko, Олійник|Oliinyk")),
    Culture("bg", _names("Мария|Mariya, Георги|Georgi, Цветелина|Tsvetelina, Димитър|Dimitar"),
            _names("Иванова|Ivanova, Петров|Petrov, Стоянова|Stoyanova, Христов|Hristov")),
    Culture("ar", _names("مريم|Mariam, يوسف|Youssef, ليلى|Layla, عمر|Omar, فاطمة|Fatima, خالد|Khaled"),
            _names("حداد|Haddad, الخطيب|alkhatib, منصور|Mansour, بن يحيى|benyahia, الشريف|alsharif")),
    Culture("he", _names("נועה|Noa, איתן|Eitan, תמר|Tamar, יעל|Yael, אורי|Uri"),
            _names("כהן|Cohen, לוי|Levi, פרידמן|Friedman, בן-דוד|bendavid")),
    Culture("fa", _names("شیرین|Shirin, آرش|Arash, نسرین|Nasrin, کاوه|Kaveh"),
            _names("احمدی|Ahmadi, رضایی|Rezaei, موسوی|Mousavi, تهرانی|Tehrani")),
    Culture("hi", _names("आरती|Aarti, रोहन|Rohan, प्रिया|Priya, विक्रम|Vikram, अनन्या|Ananya"),
            _names("शर्मा|Sharma, पटेल|Patel, गुप्ता|Gupta, अय्यर|Iyer")),
    Culture("ja", _names("陽菜|Hina, 蓮|Ren, さくら|Sakura, 大輔|Daisuke, 美咲|Misaki, 健太郎|Kentaro"),
            _names("佐藤|Sato, 鈴木|Suzuki, 高橋|Takahashi, 渡辺|Watanabe, 小笠原|Ogasawara"), "{family} {given}"),
    Culture("zh", _names("伟|Wei, 芳|Fang, 静怡|Jingyi, 子轩|Zixuan, 丽|Li, 浩然|Haoran"),
            _names("王|Wang, 李|Li, 张|Zhang, 欧阳|Ouyang, 陈|Chen"), "{family}{given}"),
    Culture("ko", _names("서연|Seoyeon, 민준|Minjun, 지우|Jiwoo, 하은|Haeun, 준호|Junho"),
            _names("김|Kim, 이|Lee, 박|Park, 최|Choi, 남궁|Namgung"), "{family}{given}"),
    Culture("th", _names("สมชาย|Somchai, มาลี|Malee, กัญญา|Kanya, ธนพล|Thanaphon"),
            _names("ใจดี|Jaidee, สุขสวัสดิ์|Suksawat, ศรีสุวรรณ|Srisuwan")),
    Culture("yo", _names("Adébáyò|Adebayo, Olúwaṣeun|Oluwaseun, Ìyábọ̀|Iyabo, Tèmítọ́pẹ́|Temitope"),
            _names("Okafor, Adéyẹmí|Adeyemi, Balógun|Balogun, Ọlátúnjí|Olatunji")),
    Culture("haw", _names("Kealoha, Leilani, Keanu, Kaʻiulani|Kaiulani"),
            _names("Kahananui, Keihanaikukauakahihuliheekahaunaele, Kalaniʻōpuʻu|Kalaniopuu")),
)  # fmt: skip
"""Every culture with its names."""

WEIGHTS: Final = (22, 7, 8, 6, 4, 6, 7, 3, 1, 1, 12, 8, 2, 2, 3, 1, 4, 2, 1, 2, 2, 3, 2, 1, 2, 1)
"""How often each culture comes, in the same order: a club in Berlin, with guests from everywhere."""

DOMAINS: Final = ("example.com", "example.org", "example.net")

PHONES: Final = tuple(
    (pattern, count)
    for pattern, count in (
        ("+353 20 91{:05d}", 100_000),
        ("+33 1 99 00 {:04d}", 10_000),
        ("+33 2 61 91 {:04d}", 10_000),
        ("+33 3 53 01 {:04d}", 10_000),
        ("+33 4 65 71 {:04d}", 10_000),
        ("+33 5 36 49 {:04d}", 10_000),
        ("+33 6 39 98 {:04d}", 10_000),
        ("+44 7700 900{:03d}", 1_000),
        ("+49 30 23125 {:03d}", 1_000),
        ("+49 40 66969 {:03d}", 1_000),
        ("+49 69 90009 {:03d}", 1_000),
        ("+49 89 99998 {:03d}", 1_000),
        ("+49 221 4710 {:03d}", 1_000),
        ("+46 8 465 004 {:02d}", 100),
        ("+1 212 555 01{:02d}", 100),
        ("+1 415 555 01{:02d}", 100),
        ("+1 617 555 01{:02d}", 100),
    )
)
"""Number ranges that Ireland, France, the United Kingdom, Germany, Sweden and North America keep for fiction."""

STAFF: Final = ("K. Novak", "A. Okafor", "M. Lindgren", "J. Park", "L. Haddad")
"""Who works at the club; the first one owns it."""

NOTES: Final = (
    "Prefers a mail to a call.",
    "Asks for aisle seats; uses a wheelchair.",
    "Comes with a school class every spring.",
    "Lost the card in March, a new one was sent.",
    "Wants to be told when the winter season opens.",
    "Two accounts? Says the other one belongs to the brother of the same name.",
    "Was charged twice for one order; the refund went out.",
    "Volunteers at the merchandise stand.",
    "Allergic to confetti. Really.",
    "Speaks French, some German.",
)

SHOWS: Final = (
    "Opening Night", "The Long Winter", "Northern Lights Tour", "Cabaret Kollektiv", "Velvet Hour", "Paper Moons",
    "String Quartet in the Round", "Arena Comedy Gala", "Midnight Matinee", "Drums of the Harbour", "La Traviata",
    "Electric Garden", "Slow Train", "The Understudies", "A Night of Improvisation", "Harvest Festival",
    "Silent Film, Loud Band", "Tango Argentino", "The Last Encore", "Choir of Strangers", "Brass on the Roof",
    "Poetry Slam Finals", "Ghost Light", "Puppets after Dark",
)  # fmt: skip
VENUES: Final = ("Arena North", "Arena South", "Old Depot", "Harbour Stage")
SEARCHES: Final = ("tour poster", "vinyl", "gift card", "late tickets", "hoodie", "wheelchair seats", "matinee")
ITEMS: Final = (("Tour poster", 1290), ("Patch", 900), ("Vinyl", 2890), ("Hoodie", 4900), ("Programme", 600),
                ("Tote bag", 1500), ("Ticket, standing", 3400), ("Ticket, seated", 5200))  # fmt: skip
