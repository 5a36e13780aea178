package seed

import "jike/schemas/codes"

// Words that fictional names are made of. Brands join characters that are pleasant but unusual
// together, so that a name is unlikely to be that of a real company.
const (
	brandFirst  = "澄霁岚昀珩屿汀翊栎榆沅溆瀚璟煦穹笠蔚蘅衍钰霖骁麓沐槿桉柏棠枫樾泽淇渝澜濯璞瑾琛琅珂珞砚祺禾稷筠箬绮翎聿舟芷苒茗荃菁萱葳蓝藜虞衡谧趣逸邈郁鄢酬锐镜阆隽雁霄靖韫韶顾颂颐飒驰骊鲲鹭鸢黎"
	brandSecond = "川野石木林泉桥田舍谷峰岸帆禾星辰云月山海汐港湾洲原台亭阁轩然远达恒信诚和安康宁泰丰茂盛景致行创智联通拓展启航越升卓越凡朴真纯素简道法域界维度元象"
	brandThird  = "合同源生成立方圆基业华茂润德隆昌兴发顺昶晟旻"
	surnames    = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金贾韦夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向汤"
	givenNames  = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉玲玉华建国红梅鹏飞雪峰琳宇轩子涵欣怡浩然诗雨晨曦嘉懿思远梦洁俊熙雅婷志远晓东春燕海波立群秋实若溪"
	// Characters beyond GB 2312 and beyond GBK, as they stand in some people's names: whoever
	// handles text must carry them. 䶮 is in GB 18030 only.
	rareNames = "喆堃镕瑄珺玥淼犇骉翀昇祎䶮䥽"
)

// trade is one line of business with how often it occurs among group customers.
type trade struct {
	industry codes.Industry
	weight   int
	words    []string // what stands in the middle of the company's name
	suffixes []string
}

var (
	limited    = []string{"有限公司", "有限公司", "有限公司", "有限责任公司", "股份有限公司"}
	technology = []string{"科技有限公司", "有限公司", "股份有限公司", "技术有限公司"}
	farm       = []string{"专业合作社", "农业发展有限公司", "有限公司"}
)

var trades = []trade{
	{"01", 14, []string{"生态农业", "果蔬种植", "茶叶种植", "粮油种植"}, farm},
	{"03", 5, []string{"禽业", "牧业", "生猪养殖"}, farm},
	{"04", 6, []string{"水产养殖", "远洋渔业", "海产"}, farm},
	{"10", 4, []string{"矿业", "石材开采"}, limited},
	{"13", 12, []string{"粮油", "水产食品", "肉制品"}, limited},
	{"14", 12, []string{"食品", "糕点", "调味品"}, limited},
	{"15", 8, []string{"茶业", "酒业", "饮品"}, limited},
	{"17", 14, []string{"纺织", "针织", "化纤织造"}, limited},
	{"18", 18, []string{"服饰", "制衣", "服装"}, limited},
	{"19", 16, []string{"鞋业", "皮具", "箱包"}, limited},
	{"21", 8, []string{"家具", "家居制造"}, limited},
	{"22", 5, []string{"纸业", "包装制品"}, limited},
	{"24", 7, []string{"工艺品", "文具", "体育用品"}, limited},
	{"26", 10, []string{"化工", "新材料", "涂料"}, limited},
	{"27", 8, []string{"制药", "生物医药", "医药"}, limited},
	{"29", 9, []string{"塑胶", "橡塑", "塑料制品"}, limited},
	{"30", 9, []string{"陶瓷", "建材", "石材"}, limited},
	{"33", 12, []string{"五金", "金属制品", "钢构"}, limited},
	{"34", 14, []string{"机械", "阀门", "泵业"}, limited},
	{"35", 11, []string{"智能装备", "医疗器械", "模具"}, limited},
	{"36", 8, []string{"汽车配件", "汽车零部件"}, limited},
	{"38", 14, []string{"电气", "新能源", "电缆"}, technology},
	{"39", 16, []string{"电子", "光电", "通信设备"}, technology},
	{"40", 4, []string{"仪器", "仪表"}, limited},
	{"44", 6, []string{"电力", "热力", "风电"}, limited},
	{"45", 3, []string{"燃气", "天然气"}, limited},
	{"46", 4, []string{"自来水", "水务"}, limited},
	{"47", 24, []string{"建筑工程", "建设", "建工"}, limited},
	{"48", 12, []string{"市政工程", "路桥", "港航工程"}, limited},
	{"49", 8, []string{"机电安装", "消防工程"}, limited},
	{"50", 14, []string{"装饰工程", "装饰设计", "园林景观"}, limited},
	{"51", 95, []string{"贸易", "供应链", "进出口", "商贸", "建材批发", "医药批发"}, limited},
	{"52", 75, []string{"商业", "百货", "超市", "汽车销售", "电器销售", "药房连锁"}, limited},
	{"54", 22, []string{"物流", "运输", "客运", "货运"}, limited},
	{"55", 6, []string{"航运", "船务", "港务"}, limited},
	{"56", 2, []string{"航空服务", "通用航空"}, limited},
	{"59", 9, []string{"仓储", "冷链仓储"}, limited},
	{"60", 9, []string{"快递", "速运"}, limited},
	{"61", 14, []string{"酒店", "宾馆", "大酒店"}, []string{"管理有限公司", "有限公司"}},
	{"62", 22, []string{"餐饮", "餐饮管理", "饮食"}, limited},
	{"63", 4, []string{"通信工程", "广电网络"}, limited},
	{"64", 18, []string{"网络", "互联网", "电子商务"}, technology},
	{"65", 55, []string{"信息", "软件", "数据", "智能", "云计算"}, technology},
	{"66", 12, []string{"小额贷款", "村镇银行", "融资担保"}, limited},
	{"67", 6, []string{"私募基金管理", "资产管理"}, limited},
	{"68", 9, []string{"保险代理", "保险经纪"}, limited},
	{"70", 38, []string{"房地产开发", "置业", "物业管理", "物业服务"}, limited},
	{"71", 8, []string{"设备租赁", "汽车租赁"}, limited},
	{"72", 58, []string{"商务咨询", "人力资源", "广告", "会展服务", "法律咨询", "旅行社", "安保服务"}, limited},
	{"73", 8, []string{"研究院", "技术研究"}, []string{"有限公司", ""}},
	{"74", 28, []string{"工程设计", "检测技术", "工程监理", "测绘"}, limited},
	{"75", 12, []string{"科技推广", "知识产权服务"}, limited},
	{"76", 4, []string{"水利管理"}, []string{"中心", "有限公司"}},
	{"77", 9, []string{"环保", "环境治理", "环境工程"}, technology},
	{"78", 10, []string{"环卫", "市政养护", "景区管理"}, limited},
	{"80", 14, []string{"家政", "养老服务", "洗染"}, []string{"服务有限公司", "服务中心"}},
	{"81", 14, []string{"汽车维修", "电子维修"}, []string{"有限公司", "服务部"}},
	{"83", 38, []string{"实验学校", "中学", "职业技术学校", "培训学校", "幼儿园"}, []string{""}},
	{"84", 24, []string{"医院", "门诊部", "妇幼保健院", "卫生服务中心"}, []string{""}},
	{"85", 5, []string{"社会福利院", "养老院"}, []string{""}},
	{"86", 4, []string{"出版", "报业"}, []string{"社", "传媒有限公司"}},
	{"87", 8, []string{"影视", "影视传媒", "文化传媒"}, limited},
	{"88", 10, []string{"文化艺术", "文化创意"}, []string{"有限公司", "中心"}},
	{"89", 6, []string{"体育", "健身"}, []string{"发展有限公司", "俱乐部"}},
	{"90", 8, []string{"娱乐", "游乐园"}, limited},
	{"92", 24, []string{"行政服务", "综合执法", "市场监督", "社区事务", "教育事务"}, []string{"中心", "局", "大队"}},
	{"94", 5, []string{"社会保险", "医疗保障"}, []string{"服务中心", "管理中心"}},
	{"95", 9, []string{"行业协会", "商会", "志愿者协会"}, []string{""}},
	{"96", 10, []string{"社区居民委员会", "村民委员会"}, []string{""}},
}

// product is what a group customer can subscribe to; fee is per unit and month.
type product struct {
	code, name string
	feeFen     int64
}

var products = []product{
	{"IDL100", "互联网专线 100M", 128000},
	{"IDL500", "互联网专线 500M", 398000},
	{"MPLS20", "数据专线 20M", 260000},
	{"VNET01", "集团V网", 500},
	{"VOIP01", "融合通信话务台", 1800},
	{"MAS001", "企业短信平台", 50000},
	{"IOT001", "物联网卡 10M", 300},
	{"CLD002", "云主机 2核4G", 19900},
	{"CLD008", "云主机 8核16G", 86000},
	{"WRK001", "移动办公", 1000},
	{"VID001", "视频监控 千里眼", 6000},
	{"PBX001", "商务快线", 9900},
}

var (
	titles    = []string{"总经理", "副总经理", "信息部经理", "采购经理", "财务主管", "行政主管", "办公室主任", "技术总监"}
	families  = []string{"已婚，一子", "已婚，一女", "已婚，二孩", "未婚", "已婚", "子女在读中学", "子女在读大学"}
	hobbies   = []string{"钓鱼", "品茶", "羽毛球", "书法", "摄影", "登山", "围棋", "园艺", "长跑", "京剧"}
	streets   = []string{"澄川路", "云栖街", "望海大道", "榆林里", "星桥路", "青屿路", "沐泉街", "松岸路", "启航大道", "岚山路"}
	sections  = []string{"政企一部", "政企二部", "集团客户部", "行业拓展部"}
	contracts = []string{"集团业务框架协议", "专线服务合同", "云服务合同", "统一付费协议", "物联网服务合同"}
)
